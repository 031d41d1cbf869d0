import { expect, test } from "vitest";
import { changeOf, firstSnapshot, type Said, secondsBefore } from "../../e2e/world";
import { apply, type Board } from "./apply";
import type { Message } from "./types";

const snapshot: Message = {
  kind: "snapshot",
  data: firstSnapshot(),
  id: "x-10",
  receivedAt: 1000,
};

function change(said: Said, receivedAt = 1200): Message {
  return { kind: "change", data: changeOf(said, firstSnapshot()), id: "x-11", receivedAt };
}

function boardAfter(...messages: Message[]): Board {
  const board = messages.reduce<Board | null>(apply, null);
  if (!board) throw new Error("no snapshot came");
  return board;
}

test("a change before any snapshot changes nothing", () => {
  expect(apply(null, change({ position: { "routed/0": 1 } }))).toBeNull();
});

test("a snapshot is the whole board", () => {
  const board = boardAfter(snapshot);
  expect(board.live).toEqual(firstSnapshot());
  expect(board.id).toBe("x-10");
});

test("a changed queue takes its old place and the others stay", () => {
  const [, loans] = firstSnapshot().queues;
  if (!loans) throw new Error("the centre has two queues");
  const board = boardAfter(snapshot, change({ queues: [{ ...loans, waiting: 7 }] }));
  expect(board.live.queues.map((queue) => queue.queue_id)).toEqual(
    firstSnapshot().queues.map((queue) => queue.queue_id),
  );
  expect(board.live.queues[1]?.waiting).toBe(7);
  expect(board.live.queues[0]).toBe(snapshot.data.queues?.[0]);
});

test("a site nobody has heard of comes last", () => {
  const [moscow] = firstSnapshot().sites;
  if (!moscow) throw new Error("the centre has a site");
  const board = boardAfter(snapshot, change({ sites: [{ ...moscow, site_id: "omsk" }] }));
  expect(board.live.sites.at(-1)?.site_id).toBe("omsk");
  expect(board.live.sites).toHaveLength(5);
});

test("flows are told apart by both their ends", () => {
  const flow = { from: "krasnoyarsk", to: "moscow", calls: 2 };
  const { away } = boardAfter(snapshot, change({ away: [flow] })).live;
  expect(away).toContainEqual(flow);
  expect(away).toContainEqual({ from: "moscow", to: "krasnoyarsk", calls: 9 });
  expect(away).toHaveLength(5);
});

test("of the log position those partitions stay that did not move", () => {
  const { position } = boardAfter(snapshot, change({ position: { "routed/0": 2051 } })).live;
  expect(position).toEqual({ ...firstSnapshot().position, "routed/0": 2051 });
});

test("a change twice is the change once", () => {
  const again = change({ at: secondsBefore(-1), totals: { waiting: 3 }, day: { state: "ended" } });
  expect(boardAfter(snapshot, again, again)).toEqual(boardAfter(snapshot, again));
});

test("what came before is not touched", () => {
  const first = boardAfter(snapshot);
  const kept = structuredClone(first);
  apply(first, change({ totals: { waiting: 99 }, sites: [], away: [] }));
  expect(first).toEqual(kept);
});

test("a snapshot after a lost connection forgets what was before", () => {
  const other = { ...firstSnapshot(), queues: [], away: [] };
  const board = boardAfter(snapshot, { ...snapshot, data: other, receivedAt: 9000 });
  expect(board.live).toEqual(other);
});
