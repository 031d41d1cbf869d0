import { expect, test } from "vitest";
import { destinations, labelOf, matching, meant } from "./destinations";
import type { Directory } from "./http";

const name = (ru: string, en: string) => ({ ru, en });
const site_id = "moscow";
const directory: Directory = {
  queues: [
    { queue_id: "cards", name: name("Карты", "Cards") },
    { queue_id: "loans", name: name("Кредиты", "Loans") },
    { queue_id: "gold", name: name("Золотые карты", "Gold cards") },
  ],
  skills: [{ skill_id: "fraud", name: name("Мошенничество", "Fraud") }],
  agents: [
    { agent_id: "a1", name: name("Анна", "Anna"), site_id, status: "Talking" },
    { agent_id: "a2", name: name("Борис", "Boris"), site_id, status: "Ready" },
    { agent_id: "a3", name: name("Вера", "Vera"), site_id, status: "Ready" },
  ],
};
const queues = destinations(directory, "queue", "ru", "a3");

test("colleagues are listed by name, the free ones first, and never oneself", () => {
  const shown = destinations(directory, "agent", "en", "a3");
  expect(shown.map(({ id, status }) => [id, status])).toEqual([
    ["a2", "Ready"],
    ["a1", "Talking"],
  ]);
});

test("what is listed has its name in the page's language", () => {
  expect(queues.map(({ name }) => name)).toEqual(["Золотые карты", "Карты", "Кредиты"]);
  expect(destinations(directory, "skill", "en", "a3").map(labelOf)).toEqual(["Fraud (fraud)"]);
});

test.each([
  ["карт", ["gold", "cards"]],
  ["LOAN", ["loans"]],
  ["", ["gold", "cards", "loans"]],
  ["xyz", []],
])("typing %j leaves %j", (typed, ids) => {
  expect(matching(queues, typed).map(({ id }) => id)).toEqual(ids);
});

test.each([
  ["Карты (cards)", "cards"],
  ["cards", "cards"],
  ["кред", "loans"],
  ["карт", undefined],
  ["  ", undefined],
])("by %j is meant %j", (typed, id) => {
  expect(meant(queues, typed)?.id).toBe(id);
});
