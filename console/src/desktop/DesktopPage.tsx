import { UnstyledButton } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { Bar } from "../board/Bar";
import header from "../board/Header.module.css";
import { useNow } from "../board/useMoment";
import type { View } from "../view/address";
import { dialogOpen, typing } from "../view/shortcuts";
import { AgentPanel } from "./AgentPanel";
import { type Action, actionOf, commandFor, type Possible, possible } from "./actions";
import { ContactCard } from "./ContactCard";
import { DeskProvider } from "./DeskContext";
import classes from "./DesktopPage.module.css";
import { type Contact, contactsOf, type Desk } from "./desk";
import { type Code, type Reason, useList } from "./http";
import { Keys } from "./Keys";
import { LineState } from "./LineState";
import type { Line, Shown } from "./line";
import type { Command, CommandName } from "./protocol";
import { Said } from "./Said";
import { SendDialog, type Sending } from "./SendDialog";
import { StatusBar } from "./StatusBar";
import { useNextFocus } from "./useNextFocus";

interface DesktopPageProps {
  token: string;
  line: Line;
  shown: Shown;
  desk: Desk;
  view: View;
  onView: (change: Partial<View>) => void;
}

/** The desktop of one agent: their status, the calls in hand, and what can be done. */
export function DesktopPage({ token, line, shown, desk, view, onView }: DesktopPageProps) {
  const { t } = useTranslation();
  const { link, waiting } = shown;
  const { ask } = line;
  const moment = useNow();
  const now = link.state === "lost" ? link.since : Math.max(moment, desk.anchor.machineAt);
  const [help, setHelp] = useState(false);
  const [sending, setSending] = useState<Sending | null>(null);
  const [keys, setKeys] = useKeysWanted();
  const live = link.state === "live";
  const contacts = contactsOf(desk);
  const reasons = useList<Reason>("/v1/not-ready-reasons", token, live);
  const codes = useList<Code>("/v1/wrap-up-codes", token, live);
  const chosen = Array.isArray(reasons) ? reasons.filter(({ system }) => !system) : [];
  const here: Partial<Record<Action, (about: Contact | null) => void>> = {
    help: () => setHelp(true),
    language: () => onView({ lang: view.lang === "ru" ? "en" : "ru" }),
    transfer: (about) => setSending({ action: "transfer", about }),
    consult: (about) => setSending({ action: "consult", about }),
    sign_in: () => submit("sign_in"),
    wrap_up: (about) => submit(`wrap_up-${about?.id}`),
  };
  const act = ({ action, about }: Possible) => {
    const does = here[action];
    if (does) does(about);
    else ask(commandOf(action, about, contacts));
  };
  const choose = (reason: Reason) => {
    const asked = commandFor(reason, desk.agent);
    if (asked) ask(asked);
  };
  const actions = possible(desk.agent, contacts);
  useKeys(keys, (event) => {
    const reason = chosen[Number(event.key) - 1];
    if (reason && desk.agent.presence !== "Offline" && !event.ctrlKey && !event.altKey) {
      return () => choose(reason);
    }
    const found = actionOf(event, actions);
    return found && (() => act(found));
  });
  useTitle(desk);
  const [first] = contacts;
  useNextFocus(
    first
      ? `${first.kind} ${first.id} ${first.kind === "talk" && first.connected}`
      : desk.agent.presence,
  );
  return (
    <DeskProvider
      value={{ desk, contacts, waiting, lang: view.lang, token, now, reasons, codes, ask, act }}
    >
      <div className={classes.page} data-testid="desktop" data-sequence={desk.sequence}>
        <Bar
          page="desktop"
          view={view}
          onView={onView}
          tools={
            <UnstyledButton
              className={header.tool}
              onClick={() => setHelp(true)}
              aria-label={t("desktop.keys.label")}
              aria-keyshortcuts="?"
              data-testid="help"
            >
              {"?"}
            </UnstyledButton>
          }
        >
          <LineState link={link} moment={moment} onRetry={line.retryNow} />
        </Bar>
        <main className={classes.main}>
          <StatusBar />
          <Said shown={shown} onClose={line.forget} />
          <section className={classes.contacts} aria-label={t("desktop.contacts")}>
            {contacts.map((contact, n) => (
              <ContactCard key={contact.id} contact={contact} first={n === 0} />
            ))}
            {first ? null : <Idle presence={desk.agent.presence} />}
          </section>
          <AgentPanel choices={chosen} onChoose={choose} next={!first} />
        </main>
        <SendDialog sending={sending} onClose={() => setSending(null)} />
        <Keys
          opened={help}
          onClose={() => setHelp(false)}
          reasons={chosen}
          wanted={keys}
          onWanted={setKeys}
        />
      </div>
    </DeskProvider>
  );
}

function Idle({ presence }: { presence: Desk["agent"]["presence"] }) {
  const { t } = useTranslation();
  return (
    <div className={classes.idle} data-testid="idle">
      <h2>{t("desktop.idle")}</h2>
      <p>{t(`desktop.idleNote.${presence}`)}</p>
    </div>
  );
}

/** Return the command that an action is, about the call it is about. */
function commandOf(action: Action, about: Contact | null, contacts: readonly Contact[]): Command {
  if (action === "sign_out_after_work") return { command: "sign_out", after_work: true };
  const command = action as CommandName;
  const talk = contacts.find(({ kind }) => kind === "talk");
  const call = command === "ask_for_help" ? (talk ?? null) : about;
  return call ? { command, reservation_id: call.id } : { command };
}

/** Send a form as if its button were pressed. */
function submit(id: string): void {
  const form = document.getElementById(id);
  if (form instanceof HTMLFormElement) form.requestSubmit();
}

function useKeys(wanted: boolean, of: (event: KeyboardEvent) => (() => void) | null): void {
  const latest = useRef(of);
  latest.current = of;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      // The list can be opened with keys switched off, too: they are switched on there.
      const does = isFree(event) && (wanted || event.key === "?") && latest.current(event);
      if (!does) return;
      event.preventDefault();
      does();
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, [wanted]);
}

function isFree(event: KeyboardEvent): boolean {
  return !event.repeat && !event.defaultPrevented && !typing(event.target) && !dialogOpen();
}

const KEYS_OFF = "polycentre.keys-off";

function useKeysWanted(): [boolean, (wanted: boolean) => void] {
  const [wanted, setWanted] = useState(() => localStorage.getItem(KEYS_OFF) === null);
  const change = (next: boolean) => {
    if (next) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
    setWanted(next);
  };
  return [wanted, change];
}

function useTitle({ agent }: Desk): void {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t("desktop.title", { status: t(`desktop.status.${agent.status}`) });
  }, [t, agent.status]);
}
