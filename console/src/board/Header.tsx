import { UnstyledButton } from "@mantine/core";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import type { Link } from "../live/feed";
import type { View } from "../view/address";
import { Alerts } from "./Alerts";
import { Bar } from "./Bar";
import { useFigures } from "./FiguresContext";
import classes from "./Header.module.css";
import { LinkState } from "./LinkState";

interface HeaderProps {
  link: Link;
  view: View;
  onView: (change: Partial<View>) => void;
  onRetry: () => void;
  onHelp: () => void;
  alerts: RefObject<HTMLButtonElement | null>;
}

/** The bar at the top: the clock, the day, the connection, language and help. */
export function Header({ link, view, onView, onRetry, onHelp, alerts }: HeaderProps) {
  const { t } = useTranslation();
  return (
    <Bar
      view={view}
      onView={onView}
      tools={
        <UnstyledButton
          className={classes.tool}
          onClick={onHelp}
          aria-label={t("shortcuts.label")}
          aria-keyshortcuts="?"
          data-testid="help"
        >
          {"?"}
        </UnstyledButton>
      }
    >
      <Clock />
      <Alerts button={alerts} />
      <LinkState link={link} onRetry={onRetry} />
    </Bar>
  );
}

function Clock() {
  const { t } = useTranslation();
  const { board, moment, formats } = useFigures();
  const { day, scale } = board.live;
  const running = day.state === "running";
  return (
    <div className={classes.clock}>
      <span className={classes.time} data-testid="business-time">
        <span className="unseen">{t("clock.label")} </span>
        {formats.clock(moment.businessAt, scale)}
        <small>{t("clock.zone")}</small>
      </span>
      <span
        className={running ? classes.day : classes.dayOver}
        data-testid="day"
        data-state={day.state}
      >
        {t(`day.${day.state}`)}
        {scale !== 1 && running ? (
          <span title={t("day.scaleNote", { scale })}> {t("day.scale", { scale })}</span>
        ) : null}
      </span>
      {day.state === "ended" ? (
        <span className={classes.endedNote}>{t("day.endedNote")}</span>
      ) : null}
    </div>
  );
}
