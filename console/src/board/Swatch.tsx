import type { AgentState } from "../live/types";
import classes from "./Swatch.module.css";

/** The sign of an agents' state: hollow is free, filled serves a caller, grey is neither. */
export function Swatch({ state }: { state: AgentState }) {
  return <i className={classes.swatch} data-state={state} />;
}
