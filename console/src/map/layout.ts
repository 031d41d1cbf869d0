import { flowKey } from "../live/apply";
import type { AwayFlow, SiteFigures } from "../live/types";
import { rem } from "../look/rem";
import type { Language } from "../view/address";
import { type Arrow, along, arrow, numberPlaces, thickness } from "./arrows";
import { type Box, type Fit, fitted, type Padding, pixelOf } from "./geometry";
import { type Labelled, labelBox, markerBox, placed, type Side } from "./labels";
import { measured } from "./measure";
import { type Plane, planeOf } from "./projection";

export interface Spot {
  at: Plane;
  radius: number;
  side: Side;
}

export interface FlowDrawing {
  arrow: Arrow;
  /** Where the number of calls stands; null where there is no place for it. */
  number: Plane | null;
}

/** Where everything on the map stands, in pixels. */
export interface Layout {
  size: { width: number; height: number };
  fit: Fit;
  /** A narrow map: smaller markers, labels in more lines. */
  compact: boolean;
  spots: Map<string, Spot>;
  flows: Map<string, FlowDrawing>;
}

const COMPACT_BELOW_REM = 40;
/** Below this length an arrow has no room for a number; in radii of a marker. */
const NUMBER_FROM_RADII = 5;
const BEND = 0.2;
/** How far aside a long arrow may go, as a share of the map's height. */
const ASIDE = 0.3;

interface Size {
  width: number;
  height: number;
}

/**
 * Return where everything stands on a map of `size`.
 *
 * Places and labels depend on the sites alone, never on figures: nothing jumps.
 */
export function layoutOf(
  sites: readonly SiteFigures[],
  flows: readonly AwayFlow[],
  size: Size,
  lang: Language,
): Layout {
  const em = rem();
  const compact = size.width < COMPACT_BELOW_REM * em;
  const radius = em * (compact ? 1.0625 : 1.625);
  const places = sites.map(planeOf);
  const texts = sites.map((site) => labelSize(site.name[lang], compact, em));
  const widest = Math.max(...texts.map((text) => text.width));
  const fit = fitted(places, size, paddingOf(size, widest, em));
  const labels = sites.map((_, n): Labelled => {
    const at = pixelOf(places[n] as Plane, fit);
    return { at, radius, ...(texts[n] as Size) };
  });
  const sides = placed(labels, size, everyCurve(labels, size));
  const spots = new Map(
    labels.map(({ at }, n) => [
      (sites[n] as SiteFigures).site_id,
      { at, radius, side: sides[n] as Side },
    ]),
  );
  const boxes = labels.flatMap((label, n) => [labelBox(label, sides[n] as Side), markerBox(label)]);
  return { size, fit, compact, spots, flows: drawings(flows, spots, boxes, { size, em }) };
}

function paddingOf(size: Size, widest: number, em: number): Padding {
  const country = size.width < em * COMPACT_BELOW_REM ? 0 : size.width * 0.13;
  const side = Math.max(widest / 2 + em * 0.25, country);
  const above = em * 3.5;
  return { left: side, right: side, top: above, bottom: above };
}

/** Return points of every arrow there may be, so that a label keeps off those to come. */
function everyCurve(labels: readonly Labelled[], size: Size): Plane[] {
  const bend = bendOf(labels, size);
  const steps = Array.from({ length: 24 }, (_, n) => (n + 0.5) / 24);
  return labels.flatMap((from) =>
    labels
      .filter((to) => to !== from)
      .flatMap((to) => {
        const { curve } = between(from, to, 1, bend);
        return steps.map((step) => along(curve, step));
      }),
  );
}

/** Return the bend of all arrows: one for all, so that they lie within each other. */
function bendOf(markers: readonly Marker[], size: Size): number {
  const lengths = markers.flatMap((from) => markers.map((to) => distance(from, to)));
  return Math.min(BEND, (ASIDE * size.height) / Math.max(1, ...lengths));
}

function distance(from: Marker, to: Marker): number {
  return Math.hypot(to.at[0] - from.at[0], to.at[1] - from.at[1]);
}

function between(from: Marker, to: Marker, width: number, bend: number): Arrow {
  return arrow(from.at, to.at, { radius: from.radius, width, bend });
}

type Marker = Pick<Spot, "at" | "radius">;

function drawings(
  flows: readonly AwayFlow[],
  spots: Map<string, Spot>,
  boxes: readonly Box[],
  { size, em }: { size: Size; em: number },
): Map<string, FlowDrawing> {
  const bend = bendOf([...spots.values()], size);
  const most = Math.max(0, ...flows.map((flow) => flow.calls));
  const drawn = flows.flatMap((flow) => {
    const [from, to] = [spots.get(flow.from), spots.get(flow.to)];
    if (!from || !to) return [];
    const shape = between(from, to, (thickness(flow.calls, most) * em) / 16, bend);
    return [
      { key: flowKey(flow), shape, numbered: distance(from, to) > from.radius * NUMBER_FROM_RADII },
    ];
  });
  const numbered = drawn.filter((flow) => flow.numbered);
  const places = numberPlaces(
    numbered.map((flow) => flow.shape),
    { width: em * 1.75, height: em * 1.25 },
    boxes,
  );
  const numbers = new Map(numbered.map((flow, n) => [flow.key, places[n] ?? null]));
  return new Map(
    drawn.map(({ key, shape }) => [key, { arrow: shape, number: numbers.get(key) ?? null }]),
  );
}

function labelSize(name: string, compact: boolean, em: number): Size {
  const figures = em * (compact ? 4.25 : 8.5);
  const width = Math.max(measured(name, 600, em * (compact ? 0.75 : 0.875)), figures);
  return { width, height: em * (compact ? 2.75 : 2.25) };
}
