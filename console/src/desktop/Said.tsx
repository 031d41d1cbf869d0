import { UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Shown } from "./line";
import type { ProblemDocument } from "./protocol";
import classes from "./Said.module.css";

interface SaidProps {
  shown: Shown;
  onClose: () => void;
}

/** What the agent has to know now: a lost line, a refused command, an offer that went. */
export function Said({ shown, onClose }: SaidProps) {
  const { t } = useTranslation();
  const { link, refused, desk } = shown;
  return (
    <div className={classes.said} data-wide="true">
      {link.state === "lost" ? (
        <p className={classes.alarm} role="alert" data-testid="lost-note">
          <strong>{t(`desktop.failed.${link.reason}`)}</strong> {t("desktop.lostNote")}
        </p>
      ) : null}
      {refused ? <Refused refused={refused} onClose={onClose} /> : null}
      {desk?.gone && desk.gone.reservation_id !== refused?.command?.reservation_id ? (
        <p className={classes.note} role="status" data-testid="gone">
          <strong>{t("desktop.gone.label")}</strong>
          {": "}
          <Known part="gone" code={desk.gone.reason} />
        </p>
      ) : null}
    </div>
  );
}

interface RefusedProps {
  refused: NonNullable<Shown["refused"]>;
  onClose: () => void;
}

function Refused({ refused, onClose }: RefusedProps) {
  const { t } = useTranslation();
  const { command, problem } = refused;
  return (
    <div className={classes.alarm} role="alert" data-testid="refused">
      <div>
        {command ? (
          <strong>
            {t("desktop.refusedCommand", { action: t(`desktop.action.${command.command}`) })}
            {". "}
          </strong>
        ) : null}
        <Known part="problem" code={problem.code ?? "other"} />
        {": "}
        <Truth problem={problem} />
      </div>
      <UnstyledButton className={classes.close} onClick={onClose} data-testid="close-refused">
        {t("desktop.close")}
      </UnstyledButton>
    </div>
  );
}

/** What is true instead: what became of the offer, where the call is, or the service's words. */
function Truth({ problem }: { problem: ProblemDocument }): ReactNode {
  const { t } = useTranslation();
  const { outcome, state, detail } = problem;
  if (outcome) return <Known part="gone" code={outcome} />;
  if (state && KINDS[state]) return t(`desktop.kind.${KINDS[state]}`);
  return <span lang="en">{detail}</span>;
}

const KINDS: Record<string, "offer" | "talking" | "hold" | "wrap_up"> = {
  reserved: "offer",
  talking: "talking",
  hold: "hold",
  wrap_up: "wrap_up",
};

/** The words for a code; those for all others where there are none. */
function Known({ part, code }: { part: "gone" | "problem"; code: string }): string {
  const { t, i18n } = useTranslation();
  const key = `desktop.${part}.${code}` as "desktop.gone.other";
  return t(i18n.exists(key) ? key : (`desktop.${part}.other` as const));
}
