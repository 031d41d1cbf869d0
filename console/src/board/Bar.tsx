import { UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { View } from "../view/address";
import classes from "./Header.module.css";
import { Mark } from "./Mark";

interface BarProps {
  view: View;
  onView: (change: Partial<View>) => void;
  /** Which page it is of. */
  page?: "board" | "desktop" | undefined;
  tools?: ReactNode;
  children?: ReactNode;
}

/** The bar that every state of the page has: name, language, and what the state adds. */
export function Bar({ page = "board", view, onView, tools, children }: BarProps) {
  const { t } = useTranslation();
  const other = view.lang === "ru" ? "en" : "ru";
  return (
    <header className={classes.bar}>
      <div className={classes.name}>
        <Mark />
        <strong>{t("product")}</strong>
        <h1 className={classes.page}>{t(`page.${page}`)}</h1>
      </div>
      {children}
      <div className={classes.tools}>
        <UnstyledButton
          className={classes.tool}
          onClick={() => onView({ lang: other })}
          aria-label={`${t("language.short")}: ${t("language.change")}`}
          aria-keyshortcuts="l"
          lang={other}
          data-testid="language"
        >
          {t("language.short")}
        </UnstyledButton>
        {tools}
      </div>
    </header>
  );
}
