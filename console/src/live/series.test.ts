import { expect, test } from "vitest";
import { extended, type Point } from "./series";

const MINUTE = 60_000;

function readings(...points: [number, number][]): Point[] {
  return points.reduce<Point[]>((series, [at, value]) => extended(series, at, value), []);
}

test("readings of one step are one point, the last", () => {
  const series = readings([0, 1], [2000, 2], [4000, 3], [6000, 4]);
  expect(series).toEqual([
    { at: 0, value: 1 },
    { at: 6000, value: 4 },
  ]);
});

test("points older than the window go", () => {
  const series = readings([0, 1], [30 * MINUTE, 2], [70 * MINUTE, 3]);
  expect(series.map((point) => point.at)).toEqual([30 * MINUTE, 70 * MINUTE]);
});

test("time that goes back starts the series anew", () => {
  expect(readings([30 * MINUTE, 2], [MINUTE, 5])).toEqual([{ at: MINUTE, value: 5 }]);
});

test("a long day keeps a bounded number of points", () => {
  const day = Array.from({ length: 20_000 }, (_, n): [number, number] => [n * 1000, n % 7]);
  expect(readings(...day).length).toBeLessThanOrEqual(362);
});
