import { expect, test } from "vitest";
import { firstSnapshot } from "../../e2e/world";
import { along, arrow, numberBox, numberPlaces, thickness } from "./arrows";
import { fitted, overlap, pixelOf } from "./geometry";
import { type Labelled, labelBox, markerBox, placed } from "./labels";
import { type Plane, planeOf } from "./projection";
import { ring } from "./ring";

const size = { width: 390, height: 280 };
const padding = { left: 40, right: 40, top: 60, bottom: 60 };
const places = firstSnapshot().sites.map(planeOf);

test("every site lies within the padding on any screen", () => {
  for (const screen of [size, { width: 980, height: 320 }, { width: 2500, height: 1100 }]) {
    const fit = fitted(places, screen, padding);
    for (const [x, y] of places.map((place) => pixelOf(place, fit))) {
      expect(x).toBeGreaterThanOrEqual(padding.left - 0.001);
      expect(x).toBeLessThanOrEqual(screen.width - padding.right + 0.001);
      expect(y).toBeGreaterThanOrEqual(padding.top - 0.001);
      expect(y).toBeLessThanOrEqual(screen.height - padding.bottom + 0.001);
    }
  }
});

test("Minsk lies west of Moscow, Krasnoyarsk far in the east", () => {
  const [moscow, saransk, minsk, krasnoyarsk] = places as [Plane, Plane, Plane, Plane];
  expect(minsk[0]).toBeLessThan(moscow[0]);
  expect(moscow[0]).toBeLessThan(saransk[0]);
  expect(krasnoyarsk[0] - minsk[0]).toBeGreaterThan(3500);
});

test("one site alone still has a map", () => {
  const fit = fitted([[10, 20]], size, padding);
  expect(pixelOf([10, 20], fit)).toEqual([195, 140]);
});

test("labels of near sites hide neither each other nor the markers", () => {
  const labels = places.map((place): Labelled => {
    const at = pixelOf(place, fitted(places, size, padding));
    return { at, radius: 16, width: 62, height: 40 };
  });
  const sides = placed(labels, size);
  const boxes = labels.map((label, n) => labelBox(label, sides[n] ?? "bottom"));
  boxes.forEach((box, n) => {
    for (const other of boxes.slice(n + 1)) expect(overlap(box, other)).toBe(0);
    for (const label of labels) expect(overlap(box, markerBox(label))).toBe(0);
  });
});

test("the more calls, the thicker the arrow, within bounds", () => {
  expect(thickness(1, 9)).toBeLessThan(thickness(9, 9));
  expect(thickness(500, 500)).toBe(6);
});

test("an arrow and the one back lie on different sides", () => {
  const look = { radius: 10, width: 3, bend: 0.2 };
  const there = along(arrow([0, 0], [100, 0], look).curve, 0.5);
  const back = along(arrow([100, 0], [0, 0], look).curve, 0.5);
  expect(there[1]).toBeLessThan(0);
  expect(back[1]).toBeGreaterThan(0);
});

test("numbers on arrows keep clear of each other and of what stands there", () => {
  const look = { radius: 10, width: 3, bend: 0.2 };
  const arrows = [arrow([0, 0], [300, 0], look), arrow([0, 5], [300, 5], look)];
  const number = { width: 28, height: 20 };
  const [first, second] = numberPlaces(arrows, number, []);
  if (!first || !second) throw new Error("there is room for both");
  expect(overlap(numberBox(first, number), numberBox(second, number))).toBe(0);
  expect(numberPlaces(arrows, number, [{ x: -500, y: -500, width: 2000, height: 2000 }])).toEqual([
    null,
    null,
  ]);
});

test("the ring has a sector for each state somebody is in and is whole for one state", () => {
  const nobody = { Talking: 0, Hold: 0, Reserved: 0, Ready: 0, WrapUp: 0, NotReady: 0 };
  expect(ring(nobody, 20, 12)).toEqual([]);
  expect(ring({ ...nobody, Ready: 4 }, 20, 12)).toHaveLength(1);
  const sectors = ring({ ...nobody, Talking: 900, Ready: 1 }, 20, 12);
  expect(sectors.map((sector) => sector.state)).toEqual(["Talking", "Ready"]);
  for (const { path } of sectors) expect(path).not.toMatch(/NaN/);
});
