import { useEffect, useState } from "react";
import type { Board } from "../live/apply";
import { STALE_S } from "../live/attention";
import { businessNow } from "../live/businessTime";
import type { Link } from "../live/feed";

/** One moment of the page. */
export interface Moment {
  /** Machine time, milliseconds. */
  now: number;
  /** Business time, milliseconds; it stands while the connection is lost. */
  businessAt: number;
  /** Age of the figures, machine seconds; null while they are fresh. */
  age_s: number | null;
}

const TICK_MS = 250;

/** Return the moment, renewed four times a second and with each message. */
export function useMoment(board: Board, link: Link): Moment {
  const now = Math.max(useNow(), board.receivedAt);
  const age_s = (now - board.receivedAt) / 1000;
  return {
    now,
    businessAt: businessNow(board.anchor, link.state === "lost" ? link.since : now),
    age_s: age_s > STALE_S ? age_s : null,
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
