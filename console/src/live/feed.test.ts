import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { changeOf, firstSnapshot, type Said, secondsBefore } from "../../e2e/world";
import type { Listener } from "./connection";
import { Feed } from "./feed";
import type { Message } from "./types";

beforeEach(() => {
  vi.useFakeTimers({ now: 0 });
});

afterEach(() => {
  vi.useRealTimers();
});

/** A feed whose connections and frames the test holds in its hands. */
function heldFeed() {
  const connections: Listener[] = [];
  const frames: (() => void)[] = [];
  const asked: (string | null)[] = [];
  const feed = new Feed({
    token: "t1",
    now: () => Date.now(),
    connect: (_token, lastId, listener) => {
      asked.push(lastId);
      connections.push(listener);
      return () => undefined;
    },
    onFrame: (run) => frames.push(run),
    jitter: () => 0,
  });
  const stop = feed.start();
  const last = () => connections.at(-1) as Listener;
  const draw = () => {
    for (const run of frames.splice(0)) run();
  };
  return { feed, connections, frames, asked, last, draw, stop };
}

function snapshot(): Message {
  return { kind: "snapshot", data: firstSnapshot(), id: "x-1", receivedAt: Date.now() };
}

function change(said: Said): Message {
  return {
    kind: "change",
    data: changeOf(said, firstSnapshot()),
    id: "x-2",
    receivedAt: Date.now(),
  };
}

test("changes are gathered and shown once a frame", () => {
  const { feed, frames, last, draw } = heldFeed();
  const shown = vi.fn();
  feed.subscribe(shown);
  last().onMessage(snapshot());
  for (let n = 0; n < 50; n += 1) last().onMessage(change({ totals: { waiting: n } }));
  expect(frames).toHaveLength(1);
  expect(shown).not.toHaveBeenCalled();
  draw();
  expect(shown).toHaveBeenCalledTimes(1);
  expect(feed.shown().board?.live.totals.waiting).toBe(49);
});

test("a tab that is hidden between two frames does not pile up changes", () => {
  const { frames, last } = heldFeed();
  last().onMessage(snapshot());
  for (let n = 0; n < 150; n += 1) last().onMessage(change({ position: { "routed/0": n } }));
  expect(frames.length).toBeGreaterThan(1);
});

test("a lost connection is tried again after longer and longer pauses", () => {
  const { feed, connections, last } = heldFeed();
  const pauses = [1000, 2000, 4000, 8000, 8000];
  for (const pause of pauses) {
    last().onLost("network");
    expect(feed.shown().link).toMatchObject({ state: "lost", since: 0 });
    const tries = connections.length;
    vi.advanceTimersByTime(pause - 1);
    expect(connections).toHaveLength(tries);
    vi.advanceTimersByTime(1);
    expect(connections).toHaveLength(tries + 1);
  }
});

test("the board stays in sight while the connection is lost and lives on after it", () => {
  const { feed, last, draw } = heldFeed();
  last().onMessage(snapshot());
  draw();
  last().onLost("silent");
  expect(feed.shown().board).not.toBeNull();
  feed.retryNow();
  expect(feed.shown().link.state).toBe("lost");
  last().onMessage(snapshot());
  draw();
  expect(feed.shown().link).toEqual({ state: "live" });
});

test("a message drawn just before the loss does not hide the loss", () => {
  const { feed, last, draw } = heldFeed();
  last().onMessage(snapshot());
  last().onLost("network");
  draw();
  expect(feed.shown().board).not.toBeNull();
  expect(feed.shown().link.state).toBe("lost");
});

test("a refusal is not tried again", () => {
  const { feed, connections, last } = heldFeed();
  last().onRefused(403);
  vi.advanceTimersByTime(60_000);
  expect(connections).toHaveLength(1);
  expect(feed.shown().link).toEqual({ state: "refused", status: 403 });
});

test("who comes back says which message was the last to be shown", () => {
  const { asked, last } = heldFeed();
  last().onMessage(snapshot());
  last().onMessage(change({ totals: { waiting: 3 } }));
  last().onLost("network");
  vi.advanceTimersByTime(60_000);
  expect(asked).toEqual([null, "x-2"]);
});

test("nothing is tried after stopping", () => {
  const { connections, last, stop } = heldFeed();
  last().onLost("network");
  stop();
  vi.advanceTimersByTime(60_000);
  expect(connections).toHaveLength(1);
});

test("the series goes on with every message, also those between two frames", () => {
  const { feed, last, draw } = heldFeed();
  last().onMessage(snapshot());
  for (const s of [60, 120, 180]) {
    vi.advanceTimersByTime(s * 1000);
    last().onMessage(change({ at: secondsBefore(-s * 2), totals: { calls_per_minute: s } }));
  }
  draw();
  expect(feed.shown().series.map((point) => point.value)).toEqual([11.4, 60, 120, 180]);
});
