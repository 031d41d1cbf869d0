import { pauseAfter, ShownTo } from "../live/shown";
import { apply, type Desk, resumeAfter } from "./desk";
import { type Command, PROTOCOL, type ProblemDocument, type Told } from "./protocol";

export type Refusal = "expired" | "noRight" | "noAgent" | "version";

/** How the page stands to the service. Moments are machine time, milliseconds. */
export type Link =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "lost"; since: number; retryAt: number; reason: "network" | "silent" }
  | { state: "refused"; why: Refusal };

/** A command that has no answer yet. */
export interface Waiting {
  id: string;
  command: Command;
}

/** All that the page draws from. */
export interface Shown {
  desk: Desk | null;
  link: Link;
  waiting: readonly Waiting[];
  /** The last command that was refused, and why. */
  refused: { command: Command | null; problem: ProblemDocument } | null;
}

/** What a `WebSocket` of the browser is to the line. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: string }) => void) | null;
  onclose: ((event: { code: number }) => void) | null;
  send: (text: string) => void;
  close: () => void;
}

export interface LineParts {
  token: string;
  /** Open a socket that resumes `after` a number, or from the beginning. */
  socket: (after: number | null, protocols: string[]) => Socket;
  /** Return the status with which the socket would be refused; null if it would not be, or nobody says. */
  why: () => Promise<number | null>;
  now: () => number;
  /** A number from 0 to 1, so that many desktops do not come back at the same moment. */
  jitter: () => number;
  newId: () => string;
}

/** The service says something every 10 s; who has heard nothing for two of these connects again. */
export const SILENT_MS = 20_000;
const RETRY_MS = [500, 1000, 2000, 4000, 8000];
/** An agent who is not described yet may be at any moment. */
const NO_AGENT_RETRY_MS = 5000;
const TOKEN_EXPIRED = 4401;
const REFUSALS: Record<number, Refusal> = {
  400: "version",
  401: "expired",
  403: "noRight",
  404: "noAgent",
};

/** Keeps the desk: follows the socket, resumes after a loss, repeats commands until a reply comes. */
export class Line extends ShownTo<Shown> {
  #socket: Socket | null = null;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #parts: LineParts;

  constructor(parts: LineParts) {
    super({ desk: null, link: { state: "connecting" }, waiting: [], refused: null });
    this.#parts = parts;
  }

  /** Connect; return how to stop. */
  start(): () => void {
    this.#open();
    return () => {
      clearTimeout(this.#retry);
      this.#drop();
    };
  }

  /** Connect at once instead of after the pause. */
  retryNow = (): void => {
    const { state } = this.shown().link;
    if (state === "lost" || state === "refused") this.#open();
  };

  /** Have the service carry out a command; one that is on its way already is not asked twice. */
  ask = (command: Command): void => {
    const { waiting, link } = this.shown();
    const same = waiting.some(
      (other) =>
        other.command.command === command.command &&
        other.command.reservation_id === command.reservation_id,
    );
    if (same) return;
    const asked = { id: this.#parts.newId(), command };
    this.show({ waiting: [...waiting, asked], refused: null });
    if (link.state === "live") this.#send(asked);
  };

  /** Say no more why the last command was refused. */
  forget = (): void => this.show({ refused: null });

  #open(): void {
    clearTimeout(this.#retry);
    this.#drop();
    const after = resumeAfter(this.shown().desk);
    const socket = this.#parts.socket(after, [PROTOCOL, `bearer.${this.#parts.token}`]);
    let opened = false;
    this.#socket = socket;
    socket.onopen = () => {
      opened = true;
    };
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data) as Told);
    socket.onclose = ({ code }) => {
      this.#drop();
      if (code === TOKEN_EXPIRED) this.show({ link: { state: "refused", why: "expired" } });
      else {
        this.#lost("network");
        if (!opened) void this.#askWhy();
      }
    };
    this.#watch();
  }

  /** Have nothing more to do with the socket. */
  #drop(): void {
    clearTimeout(this.#silence);
    const socket = this.#socket;
    if (!socket) return;
    this.#socket = null;
    socket.onopen = null;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  async #askWhy(): Promise<void> {
    const failures = this.#failures;
    const why = REFUSALS[(await this.#parts.why()) ?? 0];
    if (!why || failures !== this.#failures || this.shown().link.state !== "lost") return;
    clearTimeout(this.#retry);
    this.#drop();
    this.show({ link: { state: "refused", why } });
    if (why === "noAgent") this.#retry = setTimeout(() => this.#open(), NO_AGENT_RETRY_MS);
  }

  #watch(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.#drop();
      this.#lost("silent");
    }, SILENT_MS);
  }

  #lost(reason: "network" | "silent"): void {
    const now = this.#parts.now();
    const last = this.shown().link;
    const retryAt = now + pauseAfter(this.#failures, RETRY_MS, this.#parts.jitter());
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#open(), retryAt - now);
    const since = last.state === "lost" ? last.since : now;
    this.show({ link: { state: "lost", since, retryAt, reason } });
  }

  #hear(message: Told): void {
    this.#watch();
    const { desk } = this.shown();
    if (message.type === "heartbeat" && desk && message.sequence > desk.sequence) {
      this.#open(); // something was lost on the way
      return;
    }
    const next = apply(desk, message, this.#parts.now());
    if (message.type === "reply") this.#settle(message);
    this.show({ desk: next });
    if (message.type === "snapshot" || message.type === "resumed") this.#begin();
  }

  #begin(): void {
    this.#failures = 0;
    this.show({ link: { state: "live" } });
    for (const asked of this.shown().waiting) this.#send(asked);
  }

  #settle({ command_id, ok, error }: Extract<Told, { type: "reply" }>): void {
    const asked = this.shown().waiting.find(({ id }) => id === command_id);
    const waiting = this.shown().waiting.filter((other) => other !== asked);
    const problem = (error ?? {}) as ProblemDocument;
    const refused = ok ? this.shown().refused : { command: asked?.command ?? null, problem };
    this.show({ waiting, refused });
  }

  #send({ id, command }: Waiting): void {
    this.#socket?.send(JSON.stringify({ command_id: id, ...command }));
  }
}
