import type { Language } from "../view/address";
import type { Directory } from "./http";

/** To what kind of place a call is sent. */
export type Kind = "queue" | "agent" | "skill";

/** Somebody or something that a call can be sent to. */
export interface Destination {
  id: string;
  name: string;
  /** What a colleague is now; only they have one. */
  status?: Directory["agents"][number]["status"];
}

/** Return whom a call can be sent to, by name, who is free first; never the agent themself. */
export function destinations(
  { queues, agents, skills }: Directory,
  kind: Kind,
  lang: Language,
  self: string,
): Destination[] {
  const found: Record<Kind, () => Destination[]> = {
    queue: () => queues.map(({ queue_id, name }) => ({ id: queue_id, name: name[lang] })),
    skill: () => skills.map(({ skill_id, name }) => ({ id: skill_id, name: name[lang] })),
    agent: () =>
      agents
        .filter(({ agent_id }) => agent_id !== self)
        .map(({ agent_id, name, status }) => ({ id: agent_id, name: name[lang], status })),
  };
  const free = ({ status }: Destination) => (status === "Ready" ? 0 : 1);
  return found[kind]().toSorted((a, b) => free(a) - free(b) || a.name.localeCompare(b.name, lang));
}

/** Return the text that a destination is chosen by: its name, and its id to tell apart. */
export function labelOf({ id, name }: Destination): string {
  return name === id ? id : `${name} (${id})`;
}

/** Return those of the destinations whose name or id holds what was typed. */
export function matching(all: readonly Destination[], typed: string): Destination[] {
  const wanted = typed.trim().toLocaleLowerCase();
  return all.filter((each) => labelOf(each).toLocaleLowerCase().includes(wanted));
}

/** Return the one destination that was meant by what was typed, or null. */
export function meant(all: readonly Destination[], typed: string): Destination | null {
  if (!typed.trim()) return null;
  const named = all.find((each) => [labelOf(each), each.id].includes(typed.trim()));
  const [only, ...others] = matching(all, typed);
  return named ?? (only && others.length === 0 ? only : null);
}
