import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "../board/Header.module.css";
import { span } from "../text/format";
import type { Link } from "./line";

interface LineStateProps {
  link: Link;
  moment: number;
  onRetry: () => void;
}

/** How the page stands to the service. */
export function LineState({ link, moment, onRetry }: LineStateProps) {
  const { t } = useTranslation();
  if (link.state !== "lost") {
    return (
      <div className={classes.link} data-testid="link" data-state={link.state}>
        <span className={classes.linkWord} role="status">
          <i className={classes.dot} />
          {t(link.state === "live" ? "desktop.live" : "desktop.connecting")}
        </span>
      </div>
    );
  }
  const { n, unit } = span(Math.max(0, (moment - link.since) / 1000));
  return (
    <div className={classes.link} data-testid="link" data-state="lost">
      <span className={classes.lost} data-testid="lost">
        <i className={classes.dot} />
        {t("desktop.lost", { age: t(`span.${unit}`, { n }) })}
      </span>
      <UnstyledButton className={classes.retryNow} onClick={onRetry} data-testid="retry">
        {t("link.now")}
      </UnstyledButton>
    </div>
  );
}
