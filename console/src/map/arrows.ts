import { type Box, overlap } from "./geometry";
import type { Plane } from "./projection";

/** A bent arrow from one marker to another, in pixels. */
export interface Arrow {
  /** The shaft, to be stroked `width` thick. */
  shaft: string;
  /** The head, to be filled. */
  head: string;
  width: number;
  /** The points of the curve: start, control, end of the shaft. */
  curve: [Plane, Plane, Plane];
}

const GAP = 5;
const THINNEST = 1.5;
const THICKEST = 6;
/** Calls at which an arrow is thickest, while no flow has more. */
const FULL_CALLS = 12;

/** Return how thick an arrow of `calls` is drawn when the largest flow has `most`; pixels. */
export function thickness(calls: number, most: number): number {
  const share = Math.sqrt(calls / Math.max(most, FULL_CALLS));
  return THINNEST + (THICKEST - THINNEST) * share;
}

/**
 * Return the arrow between two markers of `radius`, its middle `bend` times its length aside.
 *
 * It bends to the left of its way, so that a flow and the one back do not cover each other.
 */
export function arrow(
  from: Plane,
  to: Plane,
  { radius, width, bend }: { radius: number; width: number; bend: number },
): Arrow {
  const control = bentMiddle(from, to, bend);
  const headLength = 4 + width * 1.6;
  const start = towards(from, control, radius + GAP);
  const tip = towards(to, control, radius + GAP);
  const neck = towards(tip, control, headLength);
  return {
    shaft: `M${point(start)}Q${point(control)} ${point(neck)}`,
    head: headOf(neck, tip, width / 2 + 2.5),
    width,
    curve: [start, control, neck],
  };
}

/** Return the point that draws a curve aside; its middle is then `bend` times its length away. */
function bentMiddle([x1, y1]: Plane, [x2, y2]: Plane, bend: number): Plane {
  const [dx, dy] = [x2 - x1, y2 - y1];
  return [(x1 + x2) / 2 + dy * bend * 2, (y1 + y2) / 2 - dx * bend * 2];
}

function towards(from: Plane, to: Plane, by: number): Plane {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  return [from[0] + ((to[0] - from[0]) * by) / length, from[1] + ((to[1] - from[1]) * by) / length];
}

function headOf(neck: Plane, tip: Plane, half: number): string {
  const [dx, dy] = [tip[0] - neck[0], tip[1] - neck[1]];
  const length = Math.hypot(dx, dy) || 1;
  const [nx, ny] = [(-dy / length) * half, (dx / length) * half];
  const left: Plane = [neck[0] + nx, neck[1] + ny];
  const right: Plane = [neck[0] - nx, neck[1] - ny];
  return `M${point(left)}L${point(tip)}L${point(right)}Z`;
}

function point([x, y]: Plane): string {
  return `${x.toFixed(1)},${y.toFixed(1)}`;
}

/** Return the point at share `t` of a curve. */
export function along([a, b, c]: Arrow["curve"], t: number): Plane {
  const at = (n: 0 | 1) => (1 - t) ** 2 * a[n] + 2 * (1 - t) * t * b[n] + t ** 2 * c[n];
  return [at(0), at(1)];
}

const TRIES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74];

/**
 * Return where on its curve each arrow carries its number, null where no place is free.
 *
 * The first arrow chooses first: give the largest flow first.
 */
export function numberPlaces(
  arrows: readonly Arrow[],
  size: { width: number; height: number },
  obstacles: readonly Box[],
): (Plane | null)[] {
  const taken = [...obstacles];
  return arrows.map(({ curve }) => {
    const spots = TRIES.map((t) => along(curve, t));
    const spot = spots.find((at) => taken.every((box) => overlap(numberBox(at, size), box) === 0));
    if (!spot) return null;
    taken.push(numberBox(spot, size));
    return spot;
  });
}

/** Return the box of a number of `size` in the middle of `at`. */
export function numberBox([x, y]: Plane, size: { width: number; height: number }): Box {
  return { x: x - size.width / 2, y: y - size.height / 2, ...size };
}
