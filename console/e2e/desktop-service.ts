import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Served } from "./watched-page";

const REPOSITORY = new URL("../../", import.meta.url).pathname;
const PAGES = join(REPOSITORY, "console/dist/desktop");
const PYTHON = process.env.PYTHON ?? join(REPOSITORY, ".venv/bin/python");
const START_LIMIT_MS = 60_000;

interface Told {
  address: string;
  ivr: string;
  tokens: Record<string, string>;
}

/**
 * The real agent-state, with its page, behind a wire that the test can cut.
 *
 * ivr and the router are played by the process, as `tests/support/desktop_process.py` says.
 */
export class DesktopService implements Served {
  readonly path = "/desktop/";
  readonly alsoAsks: readonly string[];
  #broken = false;

  private constructor(
    readonly tokens: Readonly<Record<string, string>>,
    ivr: string,
    readonly origin: string,
    private readonly keys: string,
    private readonly wire: Server,
    private readonly ends: Set<Socket>,
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    private readonly lines: AsyncIterator<string>,
  ) {
    this.alsoAsks = [ivr];
  }

  static async started(): Promise<DesktopService> {
    const keys = await mkdtemp(join(tmpdir(), "desktop-"));
    const ends = new Set<Socket>();
    let service: DesktopService | undefined;
    let port = 0;
    const wire = createServer((end) => {
      if (service?.broken) end.destroy();
      else joined(end, port, ends);
    });
    await new Promise<void>((ready) => wire.listen(0, "127.0.0.1", ready));
    const origin = `http://127.0.0.1:${(wire.address() as AddressInfo).port}`;
    const words = ["-m", "tests.support.desktop_process", origin, PAGES, keys];
    const child = spawn(PYTHON, words, { cwd: REPOSITORY, stdio: ["pipe", "pipe", "inherit"] });
    const reading: Interface = createInterface({ input: child.stdout });
    const lines = reading[Symbol.asyncIterator]();
    const told = JSON.parse(await first(lines)) as Told;
    port = Number(told.address.split(":")[1]);
    service = new DesktopService(told.tokens, told.ivr, origin, keys, wire, ends, child, lines);
    return service;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** Have something happen: `call`, `hang_up`, `next_goes_to`, `pass` (business time). */
  async happen(what: string, details: Record<string, unknown>): Promise<void> {
    this.child.stdin.write(`${JSON.stringify({ do: what, ...details })}\n`);
    await first(this.lines);
  }

  /** Break every line, and let none through until `mend`. */
  cut(): void {
    this.#broken = true;
    for (const end of this.ends) end.destroy();
  }

  mend(): void {
    this.#broken = false;
  }

  async stop(): Promise<void> {
    const over = new Promise((ended) => this.child.once("exit", ended));
    this.child.stdin.end();
    this.cut();
    this.wire.close();
    await over;
    await rm(this.keys, { recursive: true, force: true });
  }
}

function joined(end: Socket, port: number, ends: Set<Socket>): void {
  const other = connect(port, "127.0.0.1");
  for (const [one, another] of [
    [end, other],
    [other, end],
  ] as const) {
    ends.add(one);
    one.on("error", () => undefined);
    one.on("close", () => {
      ends.delete(one);
      another.destroy();
    });
    one.pipe(another);
  }
}

async function first(lines: AsyncIterator<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, refuse) => {
    timer = setTimeout(() => refuse(new Error("agent-state says nothing")), START_LIMIT_MS);
  });
  const { value, done } = await Promise.race([lines.next(), late]);
  clearTimeout(timer);
  if (done) throw new Error("agent-state has ended; what it said is above");
  return value;
}
