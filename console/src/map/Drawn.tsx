import { Popover, UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import card from "../board/Defined.module.css";
import classes from "./Drawn.module.css";

/** Says which parts of the input the simulator drew; nothing where all of it is recorded. */
export function Drawn({ drawn }: { drawn: readonly string[] }) {
  const { t } = useTranslation();
  if (drawn.length === 0) return null;
  const parts = drawn.map((part) => t([`drawn.${part}` as "drawn.ani", part as "drawn.ani"]));
  return (
    <span className={classes.drawn} data-testid="drawn">
      <Popover width="22rem" position="top-end" shadow="md" trapFocus returnFocus>
        <Popover.Target>
          <UnstyledButton
            className={`${card.label} ${classes.label}`}
            data-testid="definition-drawn"
          >
            {t("drawn.label")}
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown className={card.card} aria-label={t("drawn.title")}>
          <h3 className={card.title}>{t("drawn.title")}</h3>
          <p className={card.text}>{t("drawn.note")}</p>
        </Popover.Dropdown>
      </Popover>
      <span>{parts.join(", ")}</span>
    </span>
  );
}
