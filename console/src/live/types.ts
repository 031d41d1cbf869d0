/** The board's stream, `GET /v1/live`: one snapshot, then changes of the same shape. */

export interface Bilingual {
  ru: string;
  en: string;
}

export type AgentState = "Ready" | "Reserved" | "Talking" | "Hold" | "WrapUp" | "NotReady";

export type AgentCounts = Record<AgentState, number>;

export type DayState = "running" | "ended" | "idle";

export type SiteStatus = "open" | "draining" | "closed" | "lost";

export interface SiteFigures {
  site_id: string;
  name: Bilingual;
  lat: number;
  lon: number;
  status: SiteStatus;
  agents: AgentCounts;
  /** Calls waiting whose home is this site. */
  waiting: number;
  in_talk: number;
  answered: number;
  /** Calls of this site's callers that another site answered. */
  answered_away: number;
}

export interface QueueFigures {
  queue_id: string;
  name: Bilingual;
  client: string;
  waiting: number;
  /** Business time at which the caller who waits longest entered; null when nobody waits. */
  longest_wait_since: string | null;
  /** Seconds that a caller who comes now is expected to wait; null while nobody works there. */
  expected_wait_s: number | null;
  in_talk: number;
  offered: number;
  answered: number;
  abandoned: number;
  short_abandoned: number;
  in_service_level: number;
  /** A share, 0 to 1; null when nothing was offered. */
  service_level: number | null;
}

/** Calls of `from`'s callers answered in `to` over the last 15 business minutes. */
export interface AwayFlow {
  from: string;
  to: string;
  calls: number;
}

export interface Totals {
  waiting: number;
  longest_wait_since: string | null;
  in_talk: number;
  offered: number;
  answered: number;
  abandoned: number;
  contained: number;
  failed: number;
  service_level: number | null;
  calls_per_minute: number;
  /** Average speed of answer, business seconds; null when nothing was answered. */
  asa_s: number | null;
  agents: AgentCounts;
}

export interface Live {
  /** Business time of the figures, ISO 8601. */
  at: string;
  /** Business seconds in one machine second. */
  scale: number;
  lag_s: number;
  day: { state: DayState };
  /** What of the input the simulator drew: it was not in the recorded day. */
  drawn: string[];
  sites: SiteFigures[];
  queues: QueueFigures[];
  away: AwayFlow[];
  totals: Totals;
}

/** What of the board changed; each entry of a list is a whole object. */
export type LiveChange = Partial<Omit<Live, "totals">> & { totals?: Partial<Totals> };

/** One event of the stream, with the log position it stands for and the machine time it came. */
export type Message =
  | { kind: "snapshot"; data: Live; position: string; receivedAt: number }
  | { kind: "change"; data: LiveChange; position: string; receivedAt: number };
