import { geoConicConformal } from "d3-geo";

/** Plane coordinates, about kilometres from the middle of the map; y goes down. */
export type Plane = [x: number, y: number];

/** How far the land is drawn from the middle of the map. */
export const EXTENT: [Plane, Plane] = [
  [-4600, -3000],
  [4600, 3000],
];

const EARTH_RADIUS_KM = 6371;

/**
 * Return the map's projection: a conformal cone over 47° to 62° N, with 60° E upright.
 *
 * Minsk and Krasnoyarsk lie to its left and right at about one height, little distorted.
 */
export function boardProjection() {
  return geoConicConformal()
    .parallels([47, 62])
    .rotate([-60, 0])
    .center([0, 55])
    .scale(EARTH_RADIUS_KM)
    .translate([0, 0])
    .clipExtent(EXTENT);
}

const projection = boardProjection();

/** Return where a place lies on the plane. */
export function planeOf(place: { lat: number; lon: number }): Plane {
  return projection([place.lon, place.lat]) ?? [0, 0];
}
