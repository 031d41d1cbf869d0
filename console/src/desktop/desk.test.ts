import { expect, test } from "vitest";
import { apply, contactsOf, type Desk, resumeAfter, statusSince } from "./desk";
import type { Told } from "./protocol";
import { AT, agent, call, changed, engaged, heartbeat, offer, slot, snapshot } from "./specimens";

function after(...messages: Told[]): Desk {
  const desk = messages.reduce<Desk | null>((last, message) => apply(last, message, 1000), null);
  if (!desk) throw new Error("nothing is shown");
  return desk;
}

const kinds = (desk: Desk) =>
  contactsOf(desk).map(({ kind, card }) => [kind, card?.client ?? null]);

test("an offer rings, is taken, talks and is wrapped up, with the same card all along", () => {
  const ringing = [snapshot(4), offer(), changed(5, engaged("reserved", "Reserved"))];
  expect(kinds(after(...ringing))).toEqual([["offer", "acme"]]);
  const taken = [...ringing, changed(6, engaged("talking", "Talking"))];
  expect(contactsOf(after(...taken))[0]).toMatchObject({ kind: "talk", connected: false });
  const joined = [...taken, call("connected")];
  expect(contactsOf(after(...joined))[0]).toMatchObject({ kind: "talk", connected: true });
  const work = {
    reservation_id: "R1",
    call_id: "k1",
    slot: 0,
    mode: "timed" as const,
    beside: false,
    since: AT,
    ends_at: AT,
    extensions_left: 0,
    codes_required: false,
    codes_from: null,
  };
  const ended = { ...engaged("wrap_up", "WrapUp"), wrap_ups: [work] };
  const over = after(...joined, call("ended"), changed(8, ended));
  expect(kinds(over)).toEqual([["wrap_up", "acme"]]);
  expect(kinds(after(...joined, changed(9)))).toEqual([]);
});

test("an offer that went says why and leaves no card", () => {
  const ringing = [snapshot(4), offer(), changed(5, engaged("reserved", "Reserved"))];
  const gone = {
    type: "offer_gone",
    sequence: 6,
    reservation_id: "R1",
    reason: "expired",
  } as const;
  const desk = after(...ringing, gone, changed(6));
  expect(desk.gone).toEqual({ reservation_id: "R1", reason: "expired" });
  expect(desk.cards).toEqual({});
});

test("the offer comes before talks, and talks before what is wrapped up", () => {
  const slots = [
    slot({ slot: 0, state: "talking", reservation_id: "R2" }),
    slot({ slot: 1, state: "reserved", reservation_id: "R1" }),
  ];
  const desk = after(snapshot(1, agent({ status: "Talking", slots })), offer());
  expect(contactsOf(desk).map(({ id }) => id)).toEqual(["R1", "R2"]);
});

test("a desk resumes after what it shows in full, and from the beginning before that", () => {
  const begun = after(snapshot(4, engaged("reserved", "Reserved")));
  expect(resumeAfter(begun)).toBeNull();
  expect(resumeAfter(after(snapshot(4), offer()))).toBeNull();
  expect(resumeAfter(after(snapshot(4), heartbeat(4)))).toBe(4);
  expect(resumeAfter(after(snapshot(4), changed(7)))).toBe(7);
  const resumed = { type: "resumed", sequence: 9, at: AT, scale: 1, after: 7 } as const;
  expect(resumeAfter(after(snapshot(4), changed(7), resumed))).toBe(7);
  expect(resumeAfter(null)).toBeNull();
});

test("a message of a later version is passed over", () => {
  const later = { type: "weather", sequence: 9 } as unknown as Told;
  expect(after(snapshot(4), later)).toEqual(after(snapshot(4)));
});

test("since when counts the contact that says what the agent is, else their presence", () => {
  const at = "2026-03-02T09:05:00Z";
  const talking = agent({ status: "Talking", slots: [slot({ state: "talking", since: at })] });
  expect(statusSince(talking)).toBe(at);
  expect(statusSince(agent())).toBe(AT);
});
