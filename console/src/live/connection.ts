import { EventSource, type FetchLike } from "eventsource";
import type { Message } from "./types";

/** Why a connection ended. */
export type LossReason = "network" | "silent" | "server";

export interface Listener {
  onOpen: () => void;
  onMessage: (message: Message) => void;
  /** The token gives no right to the board; trying again is of no use. */
  onRefused: (status: 401 | 403) => void;
  onLost: (reason: LossReason) => void;
}

export interface ConnectionParts {
  url: string;
  token: string;
  /** Of the last event that was heard before, if any: what was missed comes first. */
  lastId: string | null;
  fetch: FetchLike;
  now: () => number;
}

/** The stream pings every 10 s; two missed pings and a half are a lost connection. */
export const SILENT_MS = 25_000;

/**
 * Open one connection to the live stream and return how to close it.
 *
 * It ends once: after `onRefused` or `onLost` nothing more is said. Any byte counts as life, the
 * comment lines of a ping too, which `EventSource` itself passes over: hence the watched body.
 */
export function connect(parts: ConnectionParts, listener: Listener): () => void {
  let silence: ReturnType<typeof setTimeout> | undefined;
  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(() => end(() => listener.onLost("silent")), SILENT_MS);
  };
  const source = new EventSource(parts.url, { fetch: authorized(parts, alive) });
  let over = false;
  const close = () => {
    over = true;
    clearTimeout(silence);
    source.close();
  };
  const end = (say: () => void) => {
    if (over) return;
    close();
    say();
  };
  const receive = (event: MessageEvent<string>) => {
    const receivedAt = parts.now();
    const kind = event.type as Message["kind"];
    listener.onMessage({ kind, data: JSON.parse(event.data), id: event.lastEventId, receivedAt });
  };
  source.addEventListener("open", listener.onOpen);
  source.addEventListener("snapshot", receive);
  source.addEventListener("change", receive);
  source.addEventListener("error", ({ code }) => {
    if (code === 401 || code === 403) end(() => listener.onRefused(code));
    else end(() => listener.onLost(code === undefined ? "network" : "server"));
  });
  alive();
  return close;
}

function authorized({ fetch, token, lastId }: ConnectionParts, alive: () => void): FetchLike {
  return async (url, init) => {
    const known: Record<string, string> = lastId === null ? {} : { "Last-Event-ID": lastId };
    const headers = { ...init.headers, ...known, Authorization: `Bearer ${token}` };
    const response = await fetch(url, { ...init, headers });
    const { status, redirected } = response;
    const body = watched(response.body, alive);
    return { body, status, redirected, url: response.url, headers: response.headers };
  };
}

function watched(body: unknown, alive: () => void): ReadableStream<Uint8Array> | null {
  if (!(body instanceof ReadableStream)) return null;
  const transform = (chunk: Uint8Array, out: TransformStreamDefaultController<Uint8Array>) => {
    alive();
    out.enqueue(chunk);
  };
  return body.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({ transform }));
}
