import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Live, LiveChange } from "../src/live/types";

const DIST = new URL("../dist/board/", import.meta.url).pathname;

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const TOPICS = [
  "agent-state",
  "answered",
  "call-arrived",
  "caller-located",
  "routed",
  "wrapped-up",
];

/** Tokens the server knows: one with the right to the board, one without it. */
export const TOKEN = "good.token.of-a-supervisor";
export const TOKEN_WITHOUT_RIGHT = "good.token.of-nobody";

/**
 * Serves the built page and a live stream that the test speaks, as the reporting service does.
 *
 * Real HTTP on a free loopback port.
 */
export class BoardServer {
  readonly path = "/board/";
  readonly #server: Server;
  readonly #streams = new Set<ServerResponse>();
  #snapshot: Live;
  #position = 4100;
  #mode: "up" | "broken" | "mute" = "up";

  private constructor(snapshot: Live) {
    this.#snapshot = snapshot;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Return a server that listens. */
  static async started(snapshot: Live): Promise<BoardServer> {
    const server = new BoardServer(snapshot);
    await new Promise<void>((ready) => server.#server.listen(0, "127.0.0.1", ready));
    return server;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How many pages hold a stream open now. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Say a change to every page that listens. */
  push(change: LiveChange): void {
    this.#position += 1;
    for (const stream of this.#streams) this.#write(stream, "change", change);
  }

  /** Say another snapshot to every page that listens, and to those that come. */
  become(snapshot: Live): void {
    this.#snapshot = snapshot;
    this.#position += 1;
    for (const stream of this.#streams) this.#write(stream, "snapshot", snapshot);
  }

  /** Cut every stream; from now on streams are answered by an error, or by silence. */
  fail(mode: "broken" | "mute"): void {
    this.#mode = mode;
    this.#cut();
  }

  /** Answer again. */
  recover(): void {
    this.#mode = "up";
    this.#cut();
  }

  async stop(): Promise<void> {
    this.#cut();
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #cut(): void {
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? "/", "http://local").pathname;
    if (path === "/v1/live") this.#live(request, response);
    else await file(path, response);
  }

  #live(request: IncomingMessage, response: ServerResponse): void {
    const refusal = refusalOf(request.headers.authorization);
    if (refusal || this.#mode === "broken") {
      response.writeHead(refusal ?? 503, { "content-type": "application/problem+json" });
      response.end(JSON.stringify({ status: refusal ?? 503 }));
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
    if (this.#mode === "mute") response.flushHeaders();
    else this.#write(response, "snapshot", this.#snapshot);
  }

  #write(stream: ServerResponse, event: string, data: Live | LiveChange): void {
    const id = TOPICS.map((topic, n) => `${topic}/0@${this.#position * (n + 1)}`);
    stream.write(`event: ${event}\nid: ${id.join(" ")}\ndata: ${JSON.stringify(data)}\n\n`);
  }
}

function refusalOf(authorization: string | undefined): 401 | 403 | null {
  if (authorization === `Bearer ${TOKEN}`) return null;
  return authorization === `Bearer ${TOKEN_WITHOUT_RIGHT}` ? 403 : 401;
}

async function file(path: string, response: ServerResponse): Promise<void> {
  const name = normalize(path.replace(/^\/board\/?/, "")) || "index.html";
  const wanted = name === "." ? "index.html" : name;
  try {
    const body = await readFile(join(DIST, wanted));
    response.writeHead(200, {
      "content-type": TYPES[extname(wanted)] ?? "application/octet-stream",
    });
    response.end(body);
  } catch {
    response.writeHead(404).end();
  }
}
