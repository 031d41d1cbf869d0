import { Kbd, Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { SiteFigures } from "../live/types";
import type { Language } from "../view/address";
import classes from "./Shortcuts.module.css";

interface ShortcutsProps {
  opened: boolean;
  onClose: () => void;
  sites: readonly SiteFigures[];
  lang: Language;
}

/** The keys of the page. */
export function Shortcuts({ opened, onClose, sites, lang }: ShortcutsProps) {
  const { t } = useTranslation();
  const chosen = sites.slice(0, 9).map((site, index) => [String(index + 1), site.name[lang]]);
  const keys = [
    ["?", t("shortcuts.help")],
    ["l", t("shortcuts.language")],
    ["/", t("shortcuts.filter")],
    ["a", t("shortcuts.alerts")],
    ...chosen,
    ["0", t("shortcuts.allSites")],
    ["Esc", t("shortcuts.clear")],
  ];
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("shortcuts.label")}
      closeButtonProps={{ "aria-label": t("shortcuts.close") }}
      size="22rem"
      classNames={{ content: classes.sheet, header: classes.head, title: classes.title }}
    >
      <dl className={classes.keys} data-testid="shortcuts">
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <Kbd>{key}</Kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </Modal>
  );
}
