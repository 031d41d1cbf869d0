import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Link } from "../live/feed";
import { span } from "../text/format";
import { useFigures } from "./FiguresContext";
import classes from "./Header.module.css";

interface LinkStateProps {
  link: Link;
  onRetry: () => void;
}

/** How the page stands to the stream: live and how far behind, or lost and when it tries again. */
export function LinkState({ link, onRetry }: LinkStateProps) {
  return (
    <div className={classes.link} data-testid="link" data-state={link.state}>
      {link.state === "lost" ? <Lost link={link} onRetry={onRetry} /> : <Connected link={link} />}
    </div>
  );
}

function Connected({ link }: { link: Link }) {
  const { t } = useTranslation();
  const { board, formats } = useFigures();
  const { ages_s } = board.live;
  return (
    <>
      <span className={classes.linkWord} role="status">
        <i className={classes.dot} />
        {t(link.state === "live" ? "link.live" : "link.connecting")}
      </span>
      <span className={classes.lag} data-testid="lag">
        {t("link.behind", { lag: formats.rate(Math.max(ages_s.calls, ages_s.agents)) })}
      </span>
    </>
  );
}

function Lost({ link, onRetry }: { link: Extract<Link, { state: "lost" }>; onRetry: () => void }) {
  const { t } = useTranslation();
  const { moment } = useFigures();
  const { n, unit } = span(Math.max(0, (moment.now - link.since) / 1000));
  const retry_s = Math.ceil((link.retryAt - moment.now) / 1000);
  return (
    <>
      <span className={classes.lost} data-testid="lost">
        <span className="unseen" role="alert">
          {t(`failed.${link.reason}`)}
        </span>
        <i className={classes.dot} />
        {t("link.lost", { age: t(`span.${unit}`, { n }) })}
      </span>
      <span className={classes.retry}>
        {retry_s > 0 ? t("link.tryingIn", { s: retry_s }) : t("link.trying")}
      </span>
      <UnstyledButton className={classes.retryNow} onClick={onRetry} data-testid="retry">
        {t("link.now")}
      </UnstyledButton>
    </>
  );
}
