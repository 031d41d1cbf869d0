import { useTranslation } from "react-i18next";
import { useDesk, useTime, useWords } from "./DeskContext";
import { statusSince } from "./desk";
import type { AgentView } from "./protocol";
import classes from "./StatusBar.module.css";

/** Who the agent is, what they are since when, and what comes next. */
export function StatusBar() {
  const { t } = useTranslation();
  const { agent } = useDesk().desk;
  const words = useWords();
  const { since } = useTime();
  const moment = statusSince(agent);
  return (
    <section className={classes.bar} aria-label={t("desktop.you")}>
      <div className={classes.status} data-status={agent.status} data-testid="status">
        <i className={classes.mark} aria-hidden="true" />
        <strong>{t(`desktop.status.${agent.status}`)}</strong>
        <Reason agent={agent} />
        {moment && agent.status !== "Offline" ? (
          <span className={classes.since} data-testid="since">
            {t("desktop.for", { time: since(moment) })}
          </span>
        ) : null}
      </div>
      <Next agent={agent} />
      <dl className={classes.who}>
        <div>
          <dt>{t("desktop.you")}</dt>
          <dd data-testid="name">{agent.name ? words(agent.name) : agent.agent_id}</dd>
        </div>
        <div>
          <dt>{t("desktop.site")}</dt>
          <dd data-testid="site">{agent.site_id}</dd>
        </div>
        <div>
          <dt>{t("desktop.station")}</dt>
          <dd data-testid="station">
            {agent.telephone
              ? t("desktop.telephone", { telephone: agent.telephone })
              : t("desktop.atDesktop")}
          </dd>
        </div>
        {agent.rona_in_a_row ? (
          <div>
            <dt>{t("desktop.rona")}</dt>
            <dd data-testid="rona">{agent.rona_in_a_row}</dd>
          </div>
        ) : null}
      </dl>
    </section>
  );
}

function Reason({ agent }: { agent: AgentView }) {
  const reason = useReasonName(agent.reason);
  if (!reason || agent.status !== "NotReady") return null;
  return <span data-testid="reason">{reason}</span>;
}

function useReasonName(reason: string | null): string | null {
  const { reasons } = useDesk();
  const words = useWords();
  const found = Array.isArray(reasons) && reasons.find(({ reason_id }) => reason_id === reason);
  return found ? words(found.name) : reason;
}

/** What comes without being asked again, or after the work in hand. */
function Next({ agent }: { agent: AgentView }) {
  const { t } = useTranslation();
  const { until } = useTime();
  const engaged = !["Offline", "Ready", "NotReady"].includes(agent.status);
  const said =
    agent.next_presence === "Ready" && agent.returns_at
      ? t("desktop.next.Ready", { time: until(agent.returns_at) })
      : agent.next_presence === "Offline"
        ? t("desktop.next.Offline")
        : engaged && t("desktop.next.afterWork", { status: t(`desktop.status.${agent.presence}`) });
  return (
    <span className={classes.next} data-testid="next">
      {said || null}
    </span>
  );
}
