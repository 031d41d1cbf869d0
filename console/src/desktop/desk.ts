import { anchored, type BusinessAnchor } from "../live/businessTime";
import type { AgentView, Card, Gone, Shown, SlotView, Told, WrapUp } from "./protocol";

/** What one desktop shows of its agent. */
export interface Desk {
  /** The number of the agent's state that is shown in full. */
  sequence: number;
  /** False from a snapshot until what rings and who is joined has come after it. */
  whole: boolean;
  agent: AgentView;
  anchor: BusinessAnchor;
  /** What is known of each call under way, by reservation. */
  cards: Readonly<Record<string, Card>>;
  /** The last offer that went away without being taken. */
  gone: Gone | null;
}

/** A call that the agent has in hand. */
export type Contact =
  | { kind: "offer"; id: string; slot: SlotView; card: Card | null }
  | { kind: "talk"; id: string; slot: SlotView; card: Card | null; connected: boolean }
  | { kind: "wrap_up"; id: string; work: WrapUp; card: Card | null };

/** Return the desk after a message; `now` is machine time, milliseconds. */
export function apply(desk: Desk | null, message: Told, now: number): Desk | null {
  switch (message.type) {
    case "snapshot":
      return {
        sequence: message.sequence,
        whole: false,
        agent: message.agent,
        anchor: { businessAt: Date.parse(message.at), machineAt: now, scale: message.scale },
        cards: {},
        gone: null,
      };
    case "resumed":
      return desk && timed(desk, message.at, message.scale, now);
    case "heartbeat":
      return desk && { ...timed(desk, message.at, desk.anchor.scale, now), whole: true };
    case "reply":
      return desk && { ...desk, whole: true };
    default:
      return desk && changed(desk, message);
  }
}

/** Return the number to resume after; null where everything must be told anew. */
export function resumeAfter(desk: Desk | null): number | null {
  return desk?.whole ? desk.sequence : null;
}

/** Return the calls in hand, those that need a hand first in front. */
export function contactsOf({ agent, cards }: Desk): Contact[] {
  const card = (id: string) => cards[id] ?? null;
  const slots = agent.slots.flatMap((slot) => {
    const id = slot.reservation_id;
    return id ? [{ id, slot, card: card(id) }] : [];
  });
  const offers = slots.filter(({ slot }) => slot.state === "reserved");
  const talks = slots.filter(({ slot }) => slot.state === "talking" || slot.state === "hold");
  return [
    ...offers.map((held) => ({ kind: "offer" as const, ...held })),
    ...talks.map((held) => ({ kind: "talk" as const, ...held, connected: isJoined(held) })),
    ...(agent.wrap_ups ?? []).map((work) => ({
      kind: "wrap_up" as const,
      id: work.reservation_id,
      work,
      card: card(work.reservation_id),
    })),
  ];
}

/** Return since when the agent is what they are, business time. */
export function statusSince(agent: AgentView): string | null {
  const named = { talking: "Talking", hold: "Hold", reserved: "Reserved", wrap_up: "WrapUp" };
  const moments = agent.slots
    .filter((slot) => slot.state !== "free" && named[slot.state] === agent.status)
    .flatMap((slot) => slot.since ?? []);
  return moments.toSorted()[0] ?? agent.presence_since ?? null;
}

function isJoined({ slot, card }: { slot: SlotView; card: Card | null }): boolean {
  return slot.state === "hold" || (card?.type === "call" && card.state === "connected");
}

function changed(desk: Desk, message: Exclude<Shown, { type: "snapshot" | "resumed" }>): Desk {
  switch (message.type) {
    case "agent": {
      const { agent, sequence } = message;
      return { ...desk, whole: true, agent, sequence, cards: underWay(desk.cards, agent) };
    }
    case "offer":
      return { ...desk, gone: null, cards: { ...desk.cards, [message.reservation_id]: message } };
    case "call":
      return { ...desk, cards: { ...desk.cards, [message.reservation_id]: message } };
    case "offer_gone": {
      const { reservation_id, reason } = message;
      const { [reservation_id]: _, ...cards } = desk.cards;
      return { ...desk, cards, gone: { reservation_id, reason } };
    }
    default:
      return desk; // of a later version of the service
  }
}

/** Return the cards of the calls that the agent still has to do with. */
function underWay(cards: Desk["cards"], agent: AgentView): Desk["cards"] {
  const ids = new Set([
    ...agent.slots.map((slot) => slot.reservation_id),
    ...(agent.wrap_ups ?? []).map((work) => work.reservation_id),
  ]);
  return Object.fromEntries(Object.entries(cards).filter(([id]) => ids.has(id)));
}

function timed(desk: Desk, at: string, scale: number, now: number): Desk {
  const next = { businessAt: Date.parse(at), machineAt: now, scale };
  return { ...desk, anchor: anchored(desk.anchor, next) };
}
