/** The board's stream, `GET /v1/live`, as the service describes it: see `generated/stream`. */

import type {
  AgentCounts,
  Ages,
  Alert,
  AwayFlow,
  Bilingual,
  Change,
  OverdueStay,
  QueueFigures,
  SiteFigures,
  Snapshot,
} from "./generated/stream";

export type {
  AgentCounts,
  Ages,
  Alert,
  AwayFlow,
  Bilingual,
  Change,
  OverdueStay,
  QueueFigures,
  SiteFigures,
  Snapshot,
};

export type AgentState = keyof AgentCounts;
export type SiteStatus = SiteFigures["status"];

/** Which figures grow old together. */
export type Kind = keyof Ages;

/** One event of the stream, with its id and the machine time it came. */
export type Message =
  | { kind: "snapshot"; data: Snapshot; id: string; receivedAt: number }
  | { kind: "change"; data: Change; id: string; receivedAt: number };
