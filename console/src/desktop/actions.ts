import type { Contact } from "./desk";
import type { Reason } from "./http";
import type { AgentView, Command, CommandName } from "./protocol";

/** What an agent can do now; each has its key. */
export type Action =
  | Exclude<CommandName, "ask_for_break">
  | "sign_out_after_work"
  | "help"
  | "language";

/** An action with the call that it is about; null: about the agent. */
export interface Possible {
  action: Action;
  about: Contact | null;
}

/** Keys by their place on the keyboard, so that they are the same under every layout. */
export const KEYS: Readonly<Record<Action, string>> = {
  accept: "A",
  reject: "X",
  hold: "H",
  resume: "H",
  transfer: "T",
  consult: "C",
  complete: "M",
  leave: "B",
  release: "E",
  wrap_up: "D",
  extend_wrap_up: "+",
  sign_in: "I",
  ready: "R",
  not_ready: "N",
  sign_out: "O",
  sign_out_after_work: "W",
  ask_for_help: "S",
  end_help: "S",
  withdraw_break: "K",
  language: "L",
  help: "?",
};

/** Return what can be done now, about the agent first; the first one with a key has it. */
export function possible(agent: AgentView, contacts: readonly Contact[]): Possible[] {
  const about = (action: Action, contact: Contact | null = null) => ({ action, about: contact });
  return [
    ...ofContacts(contacts),
    ...ofAgent(agent, contacts).map((action) => about(action)),
    about("language"),
    about("help"),
  ];
}

/** Return what can be done about one call. */
export function ofContact(contact: Contact): Action[] {
  if (contact.kind === "offer") return ["accept", "reject"];
  if (contact.kind === "wrap_up") {
    return contact.work.extensions_left > 0 ? ["wrap_up", "extend_wrap_up"] : ["wrap_up"];
  }
  const { slot, connected } = contact;
  if (!connected) return ["release"];
  const back = slot.state === "hold" ? "resume" : "hold";
  if (slot.consult) return [back, "complete", "leave", "release"];
  return [back, "transfer", "consult", "release"];
}

/** Return the action of a key with the call it is about, or null. */
export function actionOf(
  pressed: Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey">,
  actions: readonly Possible[],
): Possible | null {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  const key = keyOf(pressed);
  return actions.find(({ action }) => KEYS[action] === key) ?? null;
}

function ofContacts(contacts: readonly Contact[]): Possible[] {
  return contacts.flatMap((contact) =>
    ofContact(contact).map((action) => ({ action, about: contact })),
  );
}

/** Return what the agent can do about themself. */
export function ofAgent(agent: AgentView, contacts: readonly Contact[]): Action[] {
  if (agent.presence === "Offline") return ["sign_in"];
  const next = agent.next_presence === "Offline";
  return [
    ...(agent.presence === "Ready" ? [] : ["ready" as const]),
    "not_ready",
    ...(contacts.length > 0 ? [] : ["sign_out" as const]),
    ...(contacts.length > 0 && !next ? ["sign_out_after_work" as const] : []),
    ...(asksForBreak(agent) ? ["withdraw_break" as const] : []),
    agent.help ? "end_help" : "ask_for_help",
  ];
}

/** Return what choosing a reason asks for: not to be ready, or a break; null if it is so already. */
export function commandFor(reason: Reason, agent: AgentView): Command | null {
  const { reason_id, is_break } = reason;
  if (!is_break) return { command: "not_ready", reason: reason_id };
  const away = agent.presence === "NotReady" && agent.reason === reason_id;
  return away ? null : { command: "ask_for_break", reason: reason_id };
}

function asksForBreak({ break_place: place }: AgentView): boolean {
  return place?.state === "waiting" || place?.state === "granted";
}

function keyOf({ key, code }: Pick<KeyboardEvent, "key" | "code">): string {
  if (code.startsWith("Key")) return code.slice(3);
  if (key === "+" || code === "Equal" || code === "NumpadAdd") return "+";
  return key === "?" || (code === "Slash" && key !== "/") ? "?" : key;
}
