declare module "virtual:land" {
  /** The land as one SVG path on the map's plane, in kilometres. */
  export const land: string;
  /** Every 15th meridian, an hour of the sun, and every 10th parallel, as one SVG path. */
  export const grid: string;
}
