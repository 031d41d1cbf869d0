import { expect, test } from "vitest";
import { actionOf, commandFor, ofAgent, ofContact, possible } from "./actions";
import { treeOf } from "./codes";
import { type Contact, contactsOf } from "./desk";
import { agentIn } from "./identity";
import { AT, agent, engaged } from "./specimens";

const desk = { sequence: 1, whole: true, cards: {}, gone: null };
const anchor = { businessAt: 0, machineAt: 0, scale: 1 };

function contacts(state: "reserved" | "talking" | "hold"): Contact[] {
  return contactsOf({ ...desk, anchor, agent: engaged(state, "Talking") });
}

function pressed(key: string, code: string, held = {}) {
  return { key, code, ctrlKey: false, metaKey: false, altKey: false, ...held };
}

test.each([
  ["a", "KeyA", "reserved", "accept"],
  ["ф", "KeyA", "reserved", "accept"],
  ["Ч", "KeyX", "reserved", "reject"],
  ["р", "KeyH", "hold", "resume"],
  ["?", "Slash", "reserved", "help"],
  [",", "Slash", "reserved", "help"],
] as const)("the key %s at the place %s, with a call %s, does %s", (key, code, state, action) => {
  const can = possible(agent(), contacts(state));
  expect(actionOf(pressed(key, code), can)?.action).toBe(action);
});

test("keys of the browser, and of what cannot be done, do nothing", () => {
  const can = possible(agent(), []);
  expect(actionOf(pressed("a", "KeyA"), can)).toBeNull();
  expect(actionOf(pressed("n", "KeyN", { ctrlKey: true }), can)).toBeNull();
});

test("an action is about the call that needs a hand first", () => {
  const [talk] = contacts("talking");
  const can = possible(agent(), contacts("talking"));
  expect(actionOf(pressed("e", "KeyE"), can)).toEqual({ action: "release", about: talk });
});

test("in a consultation the call is handed over or taken back, and not sent elsewhere", () => {
  const [talk] = contacts("hold");
  if (talk?.kind !== "talk") throw new Error("no talk");
  const slot = { ...talk.slot, consult: { call_id: "c1", queue_id: "q" } };
  expect(ofContact({ ...talk, slot })).toEqual(["resume", "complete", "leave", "release"]);
});

test("who is signed out can sign in only; who has a call signs out after it", () => {
  expect(ofAgent(agent({ presence: "Offline" }), [])).toEqual(["sign_in"]);
  expect(ofAgent(agent(), [])).toContain("sign_out");
  expect(ofAgent(agent(), contacts("hold"))).toContain("sign_out_after_work");
  expect(ofAgent(agent(), contacts("hold"))).not.toContain("sign_out");
  const help = { since: AT, call_id: null, answered_by: null };
  expect(ofAgent(agent({ help }), [])).toContain("end_help");
});

test("a token names its agent, in any letters; another names nobody", () => {
  const bytes = new TextEncoder().encode(JSON.stringify({ agent_id: "анна-1", sub: "x" }));
  const payload = btoa(String.fromCharCode(...bytes)).replace(/=+$/, "");
  expect(agentIn(`h.${payload.replace(/\+/g, "-").replace(/\//g, "_")}.s`)).toBe("анна-1");
  expect(agentIn(`h.${btoa("{}")}.s`)).toBeNull();
  expect(agentIn("nonsense")).toBeNull();
});

test("codes stand in the order of their tree, in the page's language", () => {
  const code = (code_id: string, ru: string, en: string, parent_id: string | null = null) => ({
    code_id,
    name: { ru, en },
    parent_id,
  });
  const codes = [
    code("refund", "Возврат", "Refund", "complaint"),
    code("question", "Вопрос", "Question"),
    code("complaint", "Жалоба", "Complaint"),
  ];
  const ids = (lang: "ru" | "en", from: string | null = null) =>
    treeOf(codes, from, lang).map(({ code: { code_id }, depth }) => [code_id, depth]);
  expect(ids("en")).toEqual([
    ["complaint", 0],
    ["refund", 1],
    ["question", 0],
  ]);
  expect(ids("ru")[0]).toEqual(["question", 0]);
  expect(ids("en", "complaint")).toEqual([["refund", 0]]);
});

test("a break is asked for, once; other reasons are the agent's own", () => {
  const name = { ru: "Обед", en: "Lunch" };
  const lunch = { reason_id: "lunch", name, system: false, is_break: true };
  const ready = agent();
  expect(commandFor(lunch, ready)).toEqual({ command: "ask_for_break", reason: "lunch" });
  expect(commandFor({ ...lunch, is_break: false }, ready)?.command).toBe("not_ready");
  const away = agent({ presence: "NotReady", reason: "lunch" });
  expect(commandFor(lunch, away)).toBeNull();
});

test.each([
  ["waiting", true],
  ["granted", true],
  ["away", false],
] as const)("whose break is %s can leave the line: %s", (state, can) => {
  const place = { state, reason: "lunch" };
  expect(ofAgent(agent({ break_place: place }), []).includes("withdraw_break")).toBe(can);
});
