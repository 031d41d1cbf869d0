import { expect, test } from "vitest";
import { firstSnapshot } from "../../e2e/world";
import { filteredQueues } from "./filteredQueues";

const { queues } = firstSnapshot();
const found = (filter: string) => filteredQueues(queues, filter).map((queue) => queue.queue_id);

test("a queue is found by its name in either language and by its client", () => {
  expect(found("КАРТЫ")).toEqual(["bank-cards"]);
  expect(found("cards")).toEqual(["bank-cards"]);
  expect(found("sever")).toEqual(["net-faults", "net-mobile", "net-sales"]);
});

test("every word of the filter must be found", () => {
  expect(found("volga сч")).toEqual(["bank-private"]);
  expect(found("volga mobile")).toEqual([]);
});

test("the order does not follow the figures", () => {
  const busier = queues.map((queue, n) => ({ ...queue, waiting: n * 3 })).toReversed();
  expect(filteredQueues(busier, "").map((queue) => queue.queue_id)).toEqual(found(""));
});
