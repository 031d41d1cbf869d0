import { apply, type Board } from "./apply";
import { businessNow } from "./businessTime";
import type { Listener, LossReason } from "./connection";
import { extended, type Point } from "./series";
import { pauseAfter, ShownTo } from "./shown";
import type { Message } from "./types";

/** How the page stands to the stream. Moments are machine time, milliseconds. */
export type Link =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "lost"; since: number; retryAt: number; reason: LossReason }
  | { state: "refused"; status: 401 | 403 };

/** All that the page draws from. */
export interface Shown {
  board: Board | null;
  link: Link;
  series: readonly Point[];
}

export interface FeedParts {
  token: string;
  connect: (token: string, lastId: string | null, listener: Listener) => () => void;
  now: () => number;
  /** Run at the next frame that is drawn, or at once where none is drawn. */
  onFrame: (run: () => void) => void;
  /** A number from 0 to 1, so that many boards do not come back at the same moment. */
  jitter: () => number;
}

const RETRY_MS = [1000, 2000, 4000, 8000];
const MOST_IN_A_FRAME = 100;

/** Keeps the board: follows the stream, gathers changes per frame, comes back when lost. */
export class Feed extends ShownTo<Shown> {
  #pending: Message[] = [];
  #close: () => void = () => undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #parts: FeedParts;

  constructor(parts: FeedParts) {
    super({ board: null, link: { state: "connecting" }, series: [] });
    this.#parts = parts;
  }

  /** Connect; return how to stop. */
  start(): () => void {
    this.#open();
    return () => {
      clearTimeout(this.#retry);
      this.#close();
    };
  }

  /** Connect at once instead of after the pause. */
  retryNow = (): void => {
    if (this.shown().link.state === "lost") this.#open();
  };

  #open(): void {
    clearTimeout(this.#retry);
    this.#close();
    this.#close = this.#parts.connect(this.#parts.token, this.shown().board?.id ?? null, {
      onOpen: () => undefined,
      onMessage: (message) => this.#gather(message),
      onRefused: (status) => this.show({ link: { state: "refused", status } }),
      onLost: (reason) => this.#lost(reason),
    });
  }

  #lost(reason: LossReason): void {
    this.#drain();
    const now = this.#parts.now();
    const last = this.shown().link;
    const retryAt = now + pauseAfter(this.#failures, RETRY_MS, this.#parts.jitter());
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#open(), retryAt - now);
    const since = last.state === "lost" ? last.since : now;
    this.show({ link: { state: "lost", since, retryAt, reason } });
  }

  #gather(message: Message): void {
    this.#pending.push(message);
    const { length } = this.#pending;
    // A frame that is long in coming is one of a tab hidden meanwhile.
    if (length === 1 || length > MOST_IN_A_FRAME) this.#parts.onFrame(() => this.#drain());
  }

  #drain(): void {
    if (!this.#pending.length) return;
    let { board, series } = this.shown();
    for (const message of this.#pending.splice(0)) {
      board = apply(board, message);
      if (!board) continue;
      const at = businessNow(board.anchor, board.receivedAt);
      series = extended(series, at, board.live.totals.calls_per_minute);
    }
    if (!board) return;
    this.#failures = 0;
    this.show({ board, series, link: { state: "live" } });
  }
}

/** Run at the next animation frame; at once in a hidden tab, where no frame is drawn. */
export function onNextFrame(run: () => void): void {
  if (document.hidden) run();
  else requestAnimationFrame(run);
}
