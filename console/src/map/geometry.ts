import type { Plane } from "./projection";

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Padding {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** From plane kilometres to pixels: `pixel = km * scale + shift`. */
export interface Fit {
  scale: number;
  x: number;
  y: number;
}

/** Pixels per kilometre that are never exceeded, so that two near sites still show their country. */
const LARGEST_SCALE = 1;

/** Return the fit that shows all `places` within `size`, inside `padding`, in its middle. */
export function fitted(
  places: readonly Plane[],
  size: { width: number; height: number },
  padding: Padding,
): Fit {
  const xs = places.map(([x]) => x);
  const ys = places.map(([, y]) => y);
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const [top, bottom] = [Math.min(...ys), Math.max(...ys)];
  const inner = {
    width: size.width - padding.left - padding.right,
    height: size.height - padding.top - padding.bottom,
  };
  const scale = Math.min(
    inner.width / Math.max(right - left, 1),
    inner.height / Math.max(bottom - top, 1),
    LARGEST_SCALE,
  );
  return {
    scale,
    x: padding.left + inner.width / 2 - ((left + right) / 2) * scale,
    y: padding.top + inner.height / 2 - ((top + bottom) / 2) * scale,
  };
}

/** Return where a place of the plane falls, in pixels. */
export function pixelOf([x, y]: Plane, fit: Fit): Plane {
  return [x * fit.scale + fit.x, y * fit.scale + fit.y];
}

/** Return the area two boxes share, square pixels. */
export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}
