import { Kbd, TextInput, UnstyledButton } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Act } from "./Act";
import classes from "./AgentPanel.module.css";
import { type Action, ofAgent } from "./actions";
import { useDesk, useTime, useWords } from "./DeskContext";
import type { Reason } from "./http";

interface AgentPanelProps {
  /** Reasons that an agent may give. */
  choices: readonly Reason[];
  onChoose: (reason: Reason) => void;
  /** Whether what is to do next is here, since no call is in hand. */
  next: boolean;
}

/** What the agent can do about themself: sign in and out, ready or not, ask for help. */
export function AgentPanel({ choices, onChoose, next }: AgentPanelProps) {
  const { t } = useTranslation();
  const { desk, contacts } = useDesk();
  const { agent } = desk;
  if (agent.presence === "Offline") return <SignIn />;
  const can = ofAgent(agent, contacts);
  const has = (action: Action) => can.includes(action);
  const first: Action = has("ready") ? "ready" : "not_ready";
  return (
    <section className={classes.panel} aria-label={t("desktop.you")} data-testid="agent-panel">
      <div className={classes.row}>
        {can
          .filter((action) => action === "ready" || action === "not_ready")
          .map((action) => (
            <Act key={action} action={action} next={next && action === first} />
          ))}
      </div>
      <Reasons choices={choices} onChoose={onChoose} />
      <Break />
      <Help />
      <div className={classes.rest}>
        {can
          .filter((action) => action !== "ready" && action !== "not_ready")
          .map((action) => (
            <Act key={action} action={action} />
          ))}
      </div>
    </section>
  );
}

function Reasons({ choices, onChoose }: Omit<AgentPanelProps, "next">) {
  const { t } = useTranslation();
  const { desk, reasons } = useDesk();
  const words = useWords();
  const { presence, reason } = desk.agent;
  return (
    <fieldset className={classes.reasons} data-testid="reasons">
      <legend>{t("desktop.reasons")}</legend>
      {choices.map((choice, n) => (
        <UnstyledButton
          key={choice.reason_id}
          className={classes.reason}
          aria-pressed={presence === "NotReady" && reason === choice.reason_id}
          aria-keyshortcuts={n < 9 ? String(n + 1) : undefined}
          onClick={() => onChoose(choice)}
          data-testid={`reason-${choice.reason_id}`}
        >
          {words(choice.name)}
          {n < 9 ? <Kbd aria-hidden="true">{n + 1}</Kbd> : null}
        </UnstyledButton>
      ))}
      {reasons === "failed" ? <p className={classes.note}>{t("desktop.reasonsGone")}</p> : null}
    </fieldset>
  );
}

/** Where the agent stands with their break. */
function Break() {
  const { t } = useTranslation();
  const { until } = useTime();
  const place = useDesk().desk.agent.break_place;
  if (!place) return null;
  const { state, position, take_by, overdue_at, overdue } = place;
  const said = {
    waiting: t("desktop.break.waiting", { position }),
    granted: t("desktop.break.granted", { time: take_by ? until(take_by) : "" }),
    away: overdue_at
      ? t("desktop.break.away", { time: until(overdue_at) })
      : t("desktop.break.open"),
  };
  return (
    <p className={classes.help} role="status" data-overdue={overdue} data-testid="break">
      {overdue ? t("desktop.break.overdue") : said[state]}
    </p>
  );
}

function Help() {
  const { t } = useTranslation();
  const { help } = useDesk().desk.agent;
  const { since } = useTime();
  if (!help) return null;
  const who = help.answered_by;
  return (
    <p className={classes.help} role="status" data-testid="help-asked">
      {who ? t("desktop.help.answered", { who }) : t("desktop.help.asked")}
      {", "}
      {t("desktop.for", { time: since(help.since) })}
    </p>
  );
}

function SignIn() {
  const { t } = useTranslation();
  const { desk, ask } = useDesk();
  const [site, setSite] = useState(desk.agent.site_id);
  const [telephone, setTelephone] = useState(desk.agent.telephone ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const at = { site_id: site.trim(), telephone: telephone.trim() || null };
    ask({ command: "sign_in", ...at });
  };
  return (
    <section className={classes.panel} aria-label={t("desktop.signIn.label")}>
      <form id="sign_in" className={classes.form} onSubmit={submit} data-testid="sign-in">
        <TextInput
          label={t("desktop.signIn.site")}
          value={site}
          onChange={(event) => setSite(event.currentTarget.value)}
          required
          withAsterisk={false}
          pattern="[A-Za-z0-9][A-Za-z0-9._:~\-]*"
          autoComplete="off"
          spellCheck={false}
          data-testid="sign-in-site"
        />
        <TextInput
          label={t("desktop.signIn.telephone")}
          description={t("desktop.signInNote")}
          value={telephone}
          onChange={(event) => setTelephone(event.currentTarget.value)}
          pattern="sip:[^\s@]+@[^\s@]+|[0-9]{2,8}"
          autoComplete="off"
          spellCheck={false}
          data-testid="sign-in-telephone"
        />
        <Act action="sign_in" next submits />
      </form>
    </section>
  );
}
