import { Popover, UnstyledButton } from "@mantine/core";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { waitedS } from "../live/businessTime";
import type { Alert } from "../live/types";
import { duration, type Formats } from "../text/format";
import classes from "./Alerts.module.css";
import definedClasses from "./Defined.module.css";
import { type Figures, useFigures } from "./FiguresContext";

/** Alerts that are raised now: how many, the most pressing one, and all of them at a click. */
export function Alerts({ button }: { button: RefObject<HTMLButtonElement | null> }) {
  const { t } = useTranslation();
  const figures = useFigures();
  const { alerts } = figures.board.live;
  const [first] = alerts;
  if (!first) {
    return (
      <div className={classes.alerts} data-testid="alerts">
        {t("alerts.none")}
      </div>
    );
  }
  const urgent = alerts.filter((alert) => alert.severity === "urgent");
  return (
    <div className={classes.alerts} data-testid="alerts">
      <span className="unseen" role="alert">
        {urgent
          .map((alert) => `${alert.name[figures.lang]}, ${whereOf(alert, figures)}`)
          .join("; ")}
      </span>
      <Popover width="24rem" position="bottom-start" shadow="md" trapFocus returnFocus>
        <Popover.Target>
          <UnstyledButton
            ref={button}
            className={classes.open}
            data-urgent={urgent.length > 0}
            aria-keyshortcuts="a"
            data-testid="open-alerts"
          >
            <strong>{t("alerts.count", { n: alerts.length })}</strong>
            <span className={classes.first}>
              {[first.name[figures.lang], whereOf(first, figures)].filter(Boolean).join(" · ")}
            </span>
          </UnstyledButton>
        </Popover.Target>
        <Popover.Dropdown
          className={definedClasses.card}
          aria-label={t("alerts.label")}
          data-testid="alert-list"
        >
          <ul className={classes.list}>
            {alerts.map((alert) => (
              <Raised key={alert.alert_id} alert={alert} />
            ))}
          </ul>
        </Popover.Dropdown>
      </Popover>
    </div>
  );
}

function Raised({ alert }: { alert: Alert }) {
  const { t } = useTranslation();
  const figures = useFigures();
  const { formats, moment, lang } = figures;
  const since_s = waitedS(alert.raised_at, moment.businessAt) ?? 0;
  return (
    <li data-testid={`alert-${alert.alert_rule_id}`}>
      <span className={classes.name} data-urgent={alert.severity === "urgent"}>
        {alert.name[lang]}
      </span>
      <span className={classes.where}>{whereOf(alert, figures)}</span>
      <p>
        {t(`alerts.${alert.raised_when}`, {
          measure: t(`alerts.measure.${alert.measure}`),
          value: written(alert.measure, alert.value, formats),
          threshold: written(alert.measure, alert.threshold, formats),
        })}
      </p>
      <p>{t("alerts.since", { length: duration(since_s) })}</p>
    </li>
  );
}

/** Return the name of the queue or site that an alert is of; nothing where it is of all. */
function whereOf({ queue_id, site_id }: Alert, { board, lang }: Figures): string {
  const queue = board.live.queues.find((each) => each.queue_id === queue_id);
  const site = board.live.sites.find((each) => each.site_id === site_id);
  return queue?.name[lang] ?? site?.name[lang] ?? queue_id ?? site_id ?? "";
}

function written(measure: Alert["measure"], value: number, formats: Formats): string {
  if (measure === "service_level" || measure === "abandoned_share") {
    return `${formats.percent(value)} %`;
  }
  return measure.endsWith("_s") ? duration(value) : formats.count(value);
}
