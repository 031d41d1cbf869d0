import type { FetchLike } from "eventsource";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { firstSnapshot } from "../../e2e/world";
import { connect, type Listener, SILENT_MS } from "./connection";

const URL_OF_LIVE = "http://board.test/v1/live";

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

/** One stream that the test speaks, and what the listener heard of it. */
function heardFrom(status = 200, lastId: string | null = null) {
  let speaker: ReadableStreamDefaultController<Uint8Array> | undefined;
  const asked: (string | undefined)[] = [];
  const fetch: FetchLike = async (_url, init) => {
    asked.push(init.headers.Authorization, init.headers["Last-Event-ID"]);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        speaker = controller;
      },
    });
    return new Response(body, { status, headers: { "content-type": "text/event-stream" } });
  };
  const heard: unknown[][] = [];
  const listener: Listener = {
    onOpen: () => heard.push(["open"]),
    onMessage: ({ kind, id }) => heard.push([kind, id]),
    onRefused: (code) => heard.push(["refused", code]),
    onLost: (reason) => heard.push(["lost", reason]),
  };
  const close = connect({ url: URL_OF_LIVE, token: "t1", lastId, fetch, now: () => 5 }, listener);
  const say = (text: string) => speaker?.enqueue(new TextEncoder().encode(text));
  const cut = () => speaker?.error(new TypeError("network error"));
  return { heard, asked, say, cut, close };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

test("the token goes in the header and events come with their ids", async () => {
  const { heard, asked, say, close } = heardFrom();
  await settle();
  say(`event: snapshot\nid: 41\ndata: ${JSON.stringify(firstSnapshot())}\n\n`);
  say(`event: change\nid: 42\ndata: {"position":{}}\n\n`);
  await settle();
  expect(asked).toEqual(["Bearer t1", undefined]);
  expect(heard).toEqual([["open"], ["snapshot", "41"], ["change", "42"]]);
  close();
});

test("who was here before says what it heard last", async () => {
  const { asked, close } = heardFrom(200, "x-41");
  await settle();
  expect(asked).toEqual(["Bearer t1", "x-41"]);
  close();
});

test("a ping keeps the connection alive and silence ends it", async () => {
  const { heard, say } = heardFrom();
  await settle();
  await vi.advanceTimersByTimeAsync(SILENT_MS - 1000);
  say(": ping\n\n");
  await settle();
  await vi.advanceTimersByTimeAsync(SILENT_MS - 1000);
  expect(heard).toEqual([["open"]]);
  await vi.advanceTimersByTimeAsync(1000);
  expect(heard).toEqual([["open"], ["lost", "silent"]]);
});

test("a broken network is said once and not tried again behind the page's back", async () => {
  const { heard, asked, cut } = heardFrom();
  await settle();
  cut();
  await settle();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(heard).toEqual([["open"], ["lost", "network"]]);
  expect(asked).toHaveLength(2);
});

test.each([401, 403] as const)("status %i is a refusal", async (status) => {
  const { heard } = heardFrom(status);
  await settle();
  expect(heard).toEqual([["refused", status]]);
});

test("an error of the server is a loss, to be tried again", async () => {
  const { heard } = heardFrom(503);
  await settle();
  expect(heard).toEqual([["lost", "server"]]);
});

test("nothing is heard after closing", async () => {
  const { heard, close } = heardFrom();
  await settle();
  close();
  await vi.advanceTimersByTimeAsync(SILENT_MS * 2);
  expect(heard).toEqual([["open"]]);
});
