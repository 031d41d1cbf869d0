import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useNow } from "../board/useMoment";
import type { Link } from "../live/feed";
import type { View } from "../view/address";
import classes from "./Failed.module.css";
import { Notice } from "./Notice";

interface FailedProps {
  link: Extract<Link, { state: "lost" }>;
  view: View;
  onView: (change: Partial<View>) => void;
  onRetry: () => void;
}

/** Says that the board never came, why, and when it is tried again. */
export function Failed({ link, view, onView, onRetry }: FailedProps) {
  const { t } = useTranslation();
  const retry_s = Math.ceil((link.retryAt - useNow()) / 1000);
  return (
    <Notice
      name="failed"
      title={t("failed.title")}
      text={t(`failed.${link.reason}`)}
      view={view}
      onView={onView}
    >
      <p className={classes.again}>
        <Button onClick={onRetry} data-testid="retry">
          {t("link.now")}
        </Button>
        <span>{retry_s > 0 ? t("link.tryingIn", { s: retry_s }) : t("link.trying")}</span>
      </p>
    </Notice>
  );
}
