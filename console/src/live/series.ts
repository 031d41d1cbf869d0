/** Calls per minute at one business time (milliseconds). */
export interface Point {
  at: number;
  value: number;
}

/** Business minutes the series covers. */
export const SERIES_MINUTES = 60;

const WINDOW_MS = SERIES_MINUTES * 60_000;
const STEP_MS = 10_000;

/**
 * Return the series with one more reading; readings within one step are one point.
 *
 * Time that goes back is another log: the series starts anew.
 */
export function extended(series: readonly Point[], at: number, value: number): Point[] {
  const last = series.at(-1);
  if (last && at < last.at - STEP_MS) return [{ at, value }];
  const before = series.at(-2);
  const sameStep = last && before && last.at - before.at < STEP_MS;
  const kept = sameStep ? series.slice(0, -1) : series;
  return [...kept.filter((point) => point.at >= at - WINDOW_MS), { at, value }];
}
