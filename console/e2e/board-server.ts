import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import type { Change, Snapshot } from "../src/live/types";
import { changeOf, type Said } from "./world";

const DIST = new URL("../dist/board/", import.meta.url).pathname;

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

const CHANNEL = "e2e";

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
  #snapshot: Snapshot;
  /** What was said, by number. */
  readonly #frames = new Map<number, string>();
  #number = 4100;
  #mode: "up" | "broken" | "mute" = "up";

  private constructor(snapshot: Snapshot) {
    this.#snapshot = snapshot;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Return a server that listens. */
  static async started(snapshot: Snapshot): Promise<BoardServer> {
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

  /** The ids with which pages came back. */
  readonly cameBackWith: string[] = [];

  /** Say a change to every page that listens. */
  push(said: Said): void {
    this.#number += 1;
    this.#say(frameOf("change", this.#number, changeOf(said, this.#snapshot)));
  }

  /** Say another snapshot to every page that listens, and to those that come. */
  become(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#number += 1;
    this.#say(frameOf("snapshot", this.#number, snapshot));
  }

  #say(frame: string): void {
    this.#frames.set(this.#number, frame);
    for (const stream of this.#streams) stream.write(frame);
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
    if (this.#mode === "mute") response.flushHeaders();
    else response.write(this.#firstFor(request.headers["last-event-id"]));
    this.#streams.add(response);
    response.on("close", () => this.#streams.delete(response));
  }

  #firstFor(lastId: string | string[] | undefined): string {
    const last = Number(String(lastId ?? "").replace(`${CHANNEL}-`, ""));
    if (lastId === undefined || !this.#frames.has(last)) {
      return frameOf("snapshot", this.#number, this.#snapshot);
    }
    this.cameBackWith.push(String(lastId));
    this.push({}); // the service says something every second
    const missed = [...this.#frames].filter(([number]) => number > last);
    return missed.map(([, frame]) => frame).join("");
  }
}

function frameOf(event: string, number: number, data: Snapshot | Change): string {
  return `event: ${event}\nid: ${CHANNEL}-${number}\ndata: ${JSON.stringify(data)}\n\n`;
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
