import type { AgentView, CallMessage, Offer, SlotView, Told } from "./protocol";

/** Messages for the tests, each complete. */
export const AT = "2026-03-02T09:00:00Z";

export function agent(fields: Partial<AgentView> = {}): AgentView {
  return {
    agent_id: "a1",
    name: { ru: "Анна", en: "Anna" },
    presence: "Ready",
    presence_since: AT,
    reason: null,
    status: "Ready",
    site_id: "moscow",
    slots: [slot({ state: "free" })],
    ...fields,
  };
}

export function slot(fields: Partial<SlotView> = {}): SlotView {
  return { slot: 0, channel: "voice", state: "reserved", ...fields };
}

/** Return an agent whose one slot is about R1. */
export function engaged(state: SlotView["state"], status: AgentView["status"]): AgentView {
  return agent({
    status,
    slots: [slot({ state, reservation_id: "R1", call_id: "k1", since: AT })],
  });
}

export function offer(fields: Partial<Offer> = {}): Offer {
  return { type: "offer", expires_at: "2026-03-02T09:00:20Z", ...known(), ...fields };
}

export function call(state: CallMessage["state"]): CallMessage {
  return { type: "call", state, ...known() };
}

export function snapshot(sequence: number, shown = agent()): Told {
  return { type: "snapshot", sequence, at: AT, scale: 1, agent: shown };
}

export function changed(sequence: number, shown = agent()): Told {
  return { type: "agent", sequence, agent: shown };
}

export function heartbeat(sequence: number): Told {
  return { type: "heartbeat", sequence, at: AT };
}

function known() {
  return {
    sequence: 5,
    reservation_id: "R1",
    call_id: "k1",
    attempt: 1,
    client: "acme",
    client_name: "Acme",
    project: "sales",
    greeting: null,
    queue: "acme-sales",
    customer_ref: null,
    gathered: [],
    place: null,
    contacts: [],
    screen_pop: null,
    parent_call_id: null,
    sent: null,
  };
}
