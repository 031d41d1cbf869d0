/** Where business time stood at one moment of machine time; both in milliseconds. */
export interface BusinessAnchor {
  businessAt: number;
  machineAt: number;
  scale: number;
}

/** Machine milliseconds by which a message may be late before the anchor is set anew. */
const LATE_MS = 2000;

/** Return business time at machine time `now`, milliseconds. */
export function businessNow(anchor: BusinessAnchor, now: number): number {
  return anchor.businessAt + Math.max(0, now - anchor.machineAt) * anchor.scale;
}

/**
 * Return the anchor to go on from when `next` comes.
 *
 * A message that was a little late on its way would set the clock back, and every wait with it:
 * then the old anchor stays. One that is far off (another log, a changed scale) is taken.
 */
export function anchored(last: BusinessAnchor | null, next: BusinessAnchor): BusinessAnchor {
  if (last === null || last.scale !== next.scale) return next;
  const behind = (businessNow(last, next.machineAt) - next.businessAt) / next.scale;
  return behind >= 0 && behind < LATE_MS ? last : next;
}

/** Return how long somebody has waited at business time `at`, whole seconds; null: nobody. */
export function waitedS(since: string | null, at: number): number | null {
  return since === null ? null : Math.max(0, Math.floor((at - Date.parse(since)) / 1000));
}
