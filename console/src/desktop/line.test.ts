import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Line, SILENT_MS, type Socket } from "./line";
import type { Told } from "./protocol";
import { changed, heartbeat, snapshot } from "./specimens";

/** A socket that the test speaks for the service. */
class Spoken implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  sent: { command_id: string; command: string }[] = [];
  closed = false;

  constructor(
    readonly after: number | null,
    readonly protocols: string[],
  ) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.closed = true;
  }

  open(...messages: Told[]): void {
    this.onopen?.();
    for (const message of messages) this.say(message);
  }

  say(message: Told): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  cut(code = 1006): void {
    this.onclose?.({ code });
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

function begun(why: number | null = null) {
  const sockets: Spoken[] = [];
  let ids = 0;
  const line = new Line({
    token: "t1",
    socket: (after, protocols) => {
      sockets.push(new Spoken(after, protocols));
      return sockets.at(-1) as Spoken;
    },
    why: async () => why,
    now: () => Date.now(),
    jitter: () => 0,
    newId: () => {
      ids += 1;
      return `c${ids}`;
    },
  });
  const stop = line.start();
  const last = () => sockets.at(-1) as Spoken;
  return { line, sockets, last, stop };
}

const reply = (id: string, error?: object): Told => ({
  type: "reply",
  command_id: id,
  ok: !error,
  sequence: 5,
  error: (error ?? null) as never,
});

test("the version and the token go as subprotocols", () => {
  expect(begun().last().protocols).toEqual(["desktop.v1", "bearer.t1"]);
});

test("a line that broke resumes after the last number shown", async () => {
  const { line, sockets, last } = begun();
  last().open(snapshot(4), changed(7));
  last().cut();
  expect(line.shown().link).toMatchObject({ state: "lost", reason: "network" });
  expect(line.shown().desk?.sequence).toBe(7);
  await vi.advanceTimersByTimeAsync(500);
  expect(sockets).toHaveLength(2);
  expect(last().after).toBe(7);
  last().open({ type: "resumed", sequence: 7, at: "2026-03-02T09:00:00Z", scale: 1, after: 7 });
  expect(line.shown().link.state).toBe("live");
});

test("a command without a reply is sent again with the same id until one comes", async () => {
  const { line, last } = begun();
  last().open(snapshot(4), changed(4));
  line.ask({ command: "accept", reservation_id: "R1" });
  const asked = { command_id: "c1", command: "accept", reservation_id: "R1" };
  expect(last().sent).toEqual([asked]);
  last().cut();
  line.ask({ command: "not_ready" });
  await vi.advanceTimersByTimeAsync(500);
  expect(last().sent).toEqual([]);
  last().open(snapshot(4));
  expect(last().sent).toEqual([asked, { command_id: "c2", command: "not_ready" }]);
  last().say(reply("c1"));
  last().say(reply("c2"));
  expect(line.shown().waiting).toEqual([]);
  last().cut();
  await vi.advanceTimersByTimeAsync(500);
  last().open(snapshot(5));
  expect(last().sent).toEqual([]);
});

test("a double click asks once", () => {
  const { line, last } = begun();
  last().open(snapshot(4));
  line.ask({ command: "accept", reservation_id: "R1" });
  line.ask({ command: "accept", reservation_id: "R1" });
  line.ask({ command: "accept", reservation_id: "R2" });
  expect(last().sent).toHaveLength(2);
});

test("a refused command is shown with what is true, until the next one", () => {
  const { line, last } = begun();
  last().open(snapshot(4));
  line.ask({ command: "accept", reservation_id: "R1" });
  last().say(reply("c1", { code: "offer-gone", outcome: "expired" }));
  expect(line.shown().refused).toMatchObject({
    command: { command: "accept" },
    problem: { code: "offer-gone", outcome: "expired" },
  });
  line.ask({ command: "ready" });
  expect(line.shown().refused).toBeNull();
});

test("who has heard nothing for 20 s connects again; a heartbeat is a word", async () => {
  const { line, last, sockets } = begun();
  last().open(snapshot(4), changed(4));
  await vi.advanceTimersByTimeAsync(SILENT_MS - 1);
  last().say(heartbeat(4));
  await vi.advanceTimersByTimeAsync(SILENT_MS - 1);
  expect(line.shown().link.state).toBe("live");
  await vi.advanceTimersByTimeAsync(1);
  expect(line.shown().link).toMatchObject({ state: "lost", reason: "silent" });
  expect(sockets[0]?.closed).toBe(true);
});

test("a heartbeat above the number shown connects again at once, after that number", () => {
  const { last, sockets } = begun();
  last().open(snapshot(4), changed(6));
  last().say(heartbeat(6));
  expect(sockets).toHaveLength(1);
  last().say(heartbeat(8));
  expect(sockets).toHaveLength(2);
  expect(last().after).toBe(6);
});

test.each([
  [401, "expired"],
  [403, "noRight"],
  [404, "noAgent"],
  [400, "version"],
])("a socket refused with %i says why", async (status, why) => {
  const { line, last } = begun(status);
  last().cut();
  await vi.advanceTimersByTimeAsync(0);
  expect(line.shown().link).toEqual({ state: "refused", why });
});

test("an agent who is not described yet is tried again by itself", async () => {
  const { last, sockets, line } = begun(404);
  last().cut();
  await vi.advanceTimersByTimeAsync(5000);
  expect(sockets).toHaveLength(2);
  last().open(snapshot(1));
  expect(line.shown().link.state).toBe("live");
});

test("a service that does not answer is tried again, less and less often", async () => {
  const { last, sockets } = begun(null);
  for (const pause of [500, 1000, 2000, 4000, 8000, 8000]) {
    const { length } = sockets;
    last().cut();
    await vi.advanceTimersByTimeAsync(pause - 1);
    expect(sockets).toHaveLength(length);
    await vi.advanceTimersByTimeAsync(1);
    expect(sockets).toHaveLength(length + 1);
  }
});

test("a token that expires in the middle asks for another", () => {
  const { line, last } = begun();
  last().open(snapshot(4));
  last().cut(4401);
  expect(line.shown().link).toEqual({ state: "refused", why: "expired" });
});

test("nothing is tried after stopping", async () => {
  const { last, sockets, stop } = begun();
  last().open(snapshot(4));
  stop();
  await vi.advanceTimersByTimeAsync(SILENT_MS * 2);
  expect(sockets).toHaveLength(1);
  expect(sockets[0]?.closed).toBe(true);
});
