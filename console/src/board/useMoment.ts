import { useEffect, useState } from "react";
import type { Board } from "../live/apply";
import { STALE_S } from "../live/attention";
import { businessNow } from "../live/businessTime";
import type { Link } from "../live/feed";
import type { Kind } from "../live/types";

/** One moment of the page. */
export interface Moment {
  /** Machine time, milliseconds. */
  now: number;
  /** Business time, milliseconds; it stands while the connection is lost. */
  businessAt: number;
  /** How old each kind of figure is, machine seconds; null while it is fresh. */
  ages_s: Record<Kind, number | null>;
}

const TICK_MS = 250;

/** Return how old the oldest of these kinds is; null while all are fresh. */
export function ageOf(moment: Moment, kinds: readonly Kind[]): number | null {
  const old = kinds.flatMap((kind) => moment.ages_s[kind] ?? []);
  return old.length === 0 ? null : Math.max(...old);
}

/** Return the moment, renewed four times a second and with each message. */
export function useMoment(board: Board, link: Link): Moment {
  const now = Math.max(useNow(), board.receivedAt);
  const { ages_s } = board.live;
  const since = Math.max(0, now - board.receivedAt) / 1000;
  const aged = (age_s: number) => (age_s + since > STALE_S ? age_s + since : null);
  return {
    now,
    businessAt: businessNow(board.anchor, link.state === "lost" ? link.since : now),
    ages_s: {
      calls: aged(ages_s.calls),
      agents: aged(ages_s.agents),
      expected_waits: aged(ages_s.expected_waits),
    },
  };
}

/** Return machine time, milliseconds, renewed four times a second. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
