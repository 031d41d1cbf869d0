import type { AgentCounts, AgentState } from "./types";

/** The agents' states in the order they are shown: serving a caller, free, neither. */
export const AGENT_STATES: readonly AgentState[] = [
  "Talking",
  "Hold",
  "Reserved",
  "Ready",
  "WrapUp",
  "NotReady",
];

/** Return how many agents are signed in. */
export function signedIn(agents: AgentCounts): number {
  return AGENT_STATES.reduce((sum, state) => sum + agents[state], 0);
}
