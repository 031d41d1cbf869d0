import { AGENT_STATES } from "../live/states";
import type { AgentCounts, AgentState } from "../live/types";

/** A part of the ring round a site. */
export interface Sector {
  state: AgentState;
  path: string;
}

const GAP_PX = 1.2;

/** Return the ring of a site: one sector for each state somebody is in, as SVG paths round 0,0. */
export function ring(agents: AgentCounts, outer: number, inner: number): Sector[] {
  const all = AGENT_STATES.reduce((sum, state) => sum + agents[state], 0);
  let before = 0;
  return AGENT_STATES.filter((state) => agents[state] > 0).map((state) => {
    const from = before / all;
    before += agents[state];
    return { state, path: sector(from, before / all, outer, inner) };
  });
}

function sector(from: number, to: number, outer: number, inner: number): string {
  if (to - from > 0.9999) return `${circle(outer)}${circle(inner)}`;
  const large = to - from > 0.5 ? 1 : 0;
  const [a, b] = ends(from, to, outer);
  const [c, d] = ends(from, to, inner);
  return `M${at(a, outer)}A${outer},${outer} 0 ${large} 1 ${at(b, outer)}L${at(d, inner)}A${inner},${inner} 0 ${large} 0 ${at(c, inner)}Z`;
}

/** Return the angles of a sector at `radius`, half a gap off at both ends. */
function ends(from: number, to: number, radius: number): [number, number] {
  const half = Math.min(GAP_PX / 2 / radius, (to - from) * Math.PI * 0.8);
  return [from * 2 * Math.PI + half, to * 2 * Math.PI - half];
}

function at(angle: number, radius: number): string {
  return `${(Math.sin(angle) * radius).toFixed(2)},${(-Math.cos(angle) * radius).toFixed(2)}`;
}

function circle(r: number): string {
  return `M0,${-r}A${r},${r} 0 1 1 0,${r}A${r},${r} 0 1 1 0,${-r}Z`;
}
