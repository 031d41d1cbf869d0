import type { SiteFigures } from "./types";

/** A caller who has waited three times the service target needs a hand now; seconds. */
export const ATTENTION_WAIT_S = 60;

/** Age at which a figure says how old it is; machine seconds. */
export const STALE_S = 3;

/** Say whether a wait needs a hand now. */
export function waitNeedsHand(waited_s: number | null): boolean {
  return waited_s !== null && waited_s > ATTENTION_WAIT_S;
}

/** Say whether a site needs a hand now: its agents are gone without an order. */
export function siteNeedsHand(site: SiteFigures): boolean {
  return site.status === "lost";
}
