import { Kbd, Modal } from "@mantine/core";
import { useTranslation } from "react-i18next";
import sheet from "../board/Shortcuts.module.css";
import { type Action, KEYS } from "./actions";
import { useWords } from "./DeskContext";
import type { Reason } from "./http";
import classes from "./Keys.module.css";

interface KeysProps {
  opened: boolean;
  onClose: () => void;
  reasons: readonly Reason[];
  /** Whether single keys act. */
  wanted: boolean;
  onWanted: (wanted: boolean) => void;
}

/** The keys of the page, and whether they act. */
export function Keys({ opened, onClose, reasons, wanted, onWanted }: KeysProps) {
  const { t } = useTranslation();
  const words = useWords();
  const actions = Object.keys(KEYS) as Action[];
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={t("desktop.keys.label")}
      closeButtonProps={{ "aria-label": t("desktop.keys.close") }}
      transitionProps={{ duration: 0 }}
      size="36rem"
      classNames={{ content: sheet.sheet, header: sheet.head, title: sheet.title }}
    >
      <dl className={classes.keys} data-testid="keys">
        {actions.map((action) => (
          <div key={action}>
            <dt>
              <Kbd>{KEYS[action]}</Kbd>
            </dt>
            <dd>{t(`desktop.action.${action}`)}</dd>
          </div>
        ))}
        {reasons.slice(0, 9).map(({ reason_id, name }, n) => (
          <div key={reason_id}>
            <dt>
              <Kbd>{n + 1}</Kbd>
            </dt>
            <dd>{`${t("desktop.status.NotReady")}: ${words(name)}`}</dd>
          </div>
        ))}
      </dl>
      <label className={classes.single}>
        <input
          type="checkbox"
          checked={wanted}
          onChange={(event) => onWanted(event.currentTarget.checked)}
          data-testid="single-keys"
        />
        <span>
          {t("desktop.keys.single")}
          <small>{t("desktop.keys.singleNote")}</small>
        </span>
      </label>
    </Modal>
  );
}
