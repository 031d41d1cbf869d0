import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { geoGraticule, geoPath } from "d3-geo";
import { feature } from "topojson-client";
import type { Topology } from "topojson-specification";
import type { Plugin } from "vite";
import { boardProjection } from "./src/map/projection.ts";

const NAME = "virtual:land";

/**
 * Return the plugin behind `virtual:land`: land and meridians as SVG paths on the map's plane.
 *
 * It is projected and clipped here, so that the page carries a tenth of the world's outline and
 * draws it without any geometry of its own.
 */
export function landPlugin(): Plugin {
  return {
    name: "land",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load: (id) => (id === `\0${NAME}` ? source() : null),
  };
}

function source(): string {
  return `export const land = ${JSON.stringify(landPath())};
export const grid = ${JSON.stringify(gridPath())};`;
}

function gridPath(): string {
  return slim(geoPath(boardProjection())(geoGraticule().step([15, 10])()) ?? "");
}

function landPath(): string {
  const file = createRequire(import.meta.url).resolve("world-atlas/land-50m.json");
  const world = JSON.parse(readFileSync(file, "utf8")) as Topology;
  const land = world.objects.land;
  if (!land) throw new Error(`${file} holds no land`);
  return slim(geoPath(boardProjection())(feature(world, land)) ?? "");
}

/** Kilometres that points of the outline are rounded to: a pixel on the largest screen. */
const GRID_KM = 3;
/** An outline of fewer points is an islet of a pixel or two. */
const FEWEST_POINTS = 4;

/** Return `path` in whole steps of the grid, each from the last point: a third of its length. */
function slim(path: string): string {
  return path.split("M").filter(Boolean).map(slimOutline).join("");
}

function slimOutline(outline: string): string {
  const points = outline
    .replace("Z", "")
    .split("L")
    .map((point) => point.split(",").map((n) => Math.round(Number(n) / GRID_KM)))
    .filter(([x, y], n, all) => n === 0 || x !== all[n - 1]?.[0] || y !== all[n - 1]?.[1]);
  if (outline.endsWith("Z") && points.length < FEWEST_POINTS) return "";
  const km = (from: number[] | undefined, to: number[]) =>
    to.map((n, axis) => (n - (from?.[axis] ?? 0)) * GRID_KM).join(",");
  const [first = [0, 0], ...rest] = points;
  const steps = rest.map((point, n) => km(points[n], point)).join(" ");
  return `M${km(undefined, first)}l${steps}${outline.endsWith("Z") ? "Z" : ""}`;
}
