import { type Box, overlap } from "./geometry";
import type { Plane } from "./projection";

export type Side =
  | "bottom"
  | "top"
  | "right"
  | "left"
  | "top-left"
  | "top-right"
  | "bottom-left"
  | "bottom-right";

const SIDES: readonly Side[] = [
  "bottom",
  "top",
  "right",
  "left",
  "top-left",
  "top-right",
  "bottom-left",
  "bottom-right",
];

export interface Labelled {
  at: Plane;
  /** Radius of the marker that the label stands beside, pixels. */
  radius: number;
  width: number;
  height: number;
}

const GAP = 4;
const ROUNDS = 4;
/** What a point of a curve costs that a label hides, in square pixels. */
const POINT_COST = 60;

/** Return the box that a label takes on `side` of its marker. */
export function labelBox({ at, radius, width, height }: Labelled, side: Side): Box {
  const [x, y] = at;
  const away = radius + GAP;
  const [above, below] = [y - away - height, y + away];
  const boxes: Record<Side, Box> = {
    bottom: { x: x - width / 2, y: below, width, height },
    top: { x: x - width / 2, y: above, width, height },
    right: { x: x + away, y: y - height / 2, width, height },
    left: { x: x - away - width, y: y - height / 2, width, height },
    "top-left": { x: x - width, y: above, width, height },
    "top-right": { x, y: above, width, height },
    "bottom-left": { x: x - width, y: below, width, height },
    "bottom-right": { x, y: below, width, height },
  };
  return boxes[side];
}

/**
 * Return the side of each label on which it hides least: markers, other labels, points of `curves`.
 *
 * Each label in turn takes its best side while the others keep theirs, a few rounds long. Ties go
 * to the earlier side, so the same figures always give the same picture.
 */
export function placed(
  labels: readonly Labelled[],
  size: { width: number; height: number },
  curves: readonly Plane[] = [],
): Side[] {
  const sides: Side[] = labels.map(() => "bottom");
  for (let round = 0; round < ROUNDS; round += 1) {
    labels.forEach((label, index) => {
      const others = labels.flatMap((other, n) =>
        n === index ? [] : [markerBox(other), labelBox(other, sides[n] as Side)],
      );
      const cost = (side: Side) => hidden(labelBox(label, side), others, curves, size);
      sides[index] = SIDES.reduce((best, side) => (cost(side) < cost(best) ? side : best));
    });
  }
  return sides;
}

/** Return the box of the marker itself. */
export function markerBox({ at: [x, y], radius }: Labelled): Box {
  return { x: x - radius, y: y - radius, width: radius * 2, height: radius * 2 };
}

function hidden(
  box: Box,
  others: readonly Box[],
  curves: readonly Plane[],
  size: { width: number; height: number },
): number {
  const inside = overlap(box, { x: 0, y: 0, ...size });
  const outside = box.width * box.height - inside;
  const crossed = curves.filter((point) => within(point, box)).length;
  const covered = others.reduce((sum, other) => sum + overlap(box, other), 0);
  return outside * 4 + covered + crossed * POINT_COST;
}

function within([x, y]: Plane, box: Box): boolean {
  return x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height;
}
