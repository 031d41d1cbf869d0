import { Button } from "@mantine/core";
import { useEffect, useLayoutEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { Notice } from "../states/Notice";
import { TokenForm } from "../states/TokenForm";
import type { View } from "../view/address";
import { useToken } from "../view/useToken";
import { useView } from "../view/useView";
import { DesktopPage } from "./DesktopPage";
import { agentIn } from "./identity";
import { Line, type Refusal, type Socket } from "./line";

interface PageProps {
  view: View;
  onView: (change: Partial<View>) => void;
  onToken: (token: string) => void;
}

/** The agent's desktop: whose it is, by the token, and the line behind it. */
export function DesktopApp() {
  const { i18n } = useTranslation();
  const [view, onView] = useView();
  const { token, turn, use } = useToken();
  useLayoutEffect(() => {
    document.documentElement.lang = view.lang;
    void i18n.changeLanguage(view.lang);
  }, [i18n, view.lang]);
  const page = { view, onView, onToken: use };
  if (token === null) return <Refused why="none" agent="" {...page} />;
  const agent = agentIn(token);
  if (agent === null) return <Refused why="nobody" agent="" {...page} />;
  return <LiveDesktop key={turn} token={token} agent={agent} {...page} />;
}

function LiveDesktop({ token, agent, ...page }: PageProps & { token: string; agent: string }) {
  const { t } = useTranslation();
  const [line] = useState(() => lineOf(agent, token));
  const shown = useSyncExternalStore(line.subscribe, line.shown);
  useEffect(() => line.start(), [line]);
  useEffect(() => {
    addEventListener("online", line.retryNow);
    return () => removeEventListener("online", line.retryNow);
  }, [line]);
  const { desk, link } = shown;
  if (link.state === "refused") {
    return <Refused why={link.why} agent={agent} onRetry={line.retryNow} {...page} />;
  }
  if (desk) return <DesktopPage token={token} line={line} shown={shown} desk={desk} {...page} />;
  const lost = link.state === "lost";
  const text = lost ? t(`desktop.failed.${link.reason}`) : agent;
  return (
    <Notice
      page="desktop"
      name={lost ? "failed" : "connecting"}
      title={t("desktop.loading")}
      text={text}
      view={page.view}
      onView={page.onView}
    >
      {lost ? <Again onRetry={line.retryNow} /> : null}
    </Notice>
  );
}

interface RefusedProps extends PageProps {
  why: Refusal | "none" | "nobody";
  agent: string;
  onRetry?: () => void;
}

/** Says why there is no desktop, and what helps. */
function Refused({ why, agent, view, onView, onToken, onRetry }: RefusedProps) {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t("desktop.plainTitle");
  }, [t]);
  const again = onRetry && (why === "noAgent" || why === "version");
  const texts = {
    field: t("desktop.refused.field"),
    show: t("desktop.refused.show"),
    empty: t("desktop.refused.empty"),
  };
  return (
    <Notice
      page="desktop"
      name={`refused-${why}`}
      title={t(`desktop.refused.${why}`, { agent })}
      text={t(`desktop.refused.${why}Text`)}
      view={view}
      onView={onView}
    >
      {again ? <Again onRetry={onRetry} /> : <TokenForm texts={texts} onToken={onToken} />}
    </Notice>
  );
}

function Again({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <Button onClick={onRetry} data-testid="retry">
      {t("desktop.refused.again")}
    </Button>
  );
}

function lineOf(agent: string, token: string): Line {
  const path = `/v1/agents/${encodeURIComponent(agent)}/socket`;
  const origin = location.origin.replace(/^http/, "ws");
  return new Line({
    token,
    socket: (after, protocols) => {
      const query = after === null ? "" : `?after=${after}`;
      return new WebSocket(`${origin}${path}${query}`, protocols) as Socket;
    },
    why: async () => {
      try {
        const headers = { Authorization: `Bearer ${token}` };
        const { ok, status } = await fetch(path, { headers });
        return ok ? null : status;
      } catch {
        return null; // nobody answers
      }
    },
    now: () => Date.now(),
    jitter: Math.random,
    newId: () => `d-${crypto.getRandomValues(new BigUint64Array(2)).join("-")}`,
  });
}
