import type { Language } from "../view/address";

/** The operator's time zone: business time is shown in it, whatever the browser's. */
export const BOARD_TIME_ZONE = "Europe/Moscow";

/** Above this scale the seconds of the business clock are a blur and are left out. */
const SECONDS_UP_TO_SCALE = 10;

/** What binary fractions lack at most: 0.29 times 100 is 28.999999999999996. */
const ROUNDING = 1e-9;

/** How numbers and times are written in one language. */
export interface Formats {
  count: (n: number) => string;
  /** A number with one decimal place below ten. */
  rate: (n: number) => string;
  /** A share as whole per cent, without the sign; a target that is not reached is not shown as reached. */
  percent: (share: number) => string;
  clock: (at: number, scale: number) => string;
  hourMinute: (at: number) => string;
}

/** Return how numbers and times are written in `lang`. */
export function formatsOf(lang: Language): Formats {
  const whole = new Intl.NumberFormat(lang, { maximumFractionDigits: 0 });
  const tenths = new Intl.NumberFormat(lang, {
    minimumFractionDigits: 1,
    maximumFractionDigits: 1,
  });
  const time = {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZone: BOARD_TIME_ZONE,
  } as const;
  const minutes = new Intl.DateTimeFormat(lang, time);
  const seconds = new Intl.DateTimeFormat(lang, { ...time, second: "2-digit" });
  return {
    count: (n) => whole.format(n),
    rate: (n) => (n < 10 ? tenths : whole).format(n),
    percent: (share) => whole.format(Math.floor(share * 100 + ROUNDING)),
    clock: (at, scale) => (scale > SECONDS_UP_TO_SCALE ? minutes : seconds).format(at),
    hourMinute: (at) => minutes.format(at),
  };
}

/** Return the whole ones of these seconds as `m:ss`, from an hour as `h:mm:ss`. */
export function duration(s: number): string {
  const [h, min, rest] = [Math.floor(s / 3600), Math.floor(s / 60) % 60, Math.floor(s) % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return h ? `${h}:${two(min)}:${two(rest)}` : `${min}:${two(rest)}`;
}

/** Return seconds as a number and the largest unit that is not below one. */
export function span(s: number): { n: number; unit: "s" | "min" | "h" } {
  if (s < 60) return { n: Math.floor(s), unit: "s" };
  return s < 3600 ? { n: Math.floor(s / 60), unit: "min" } : { n: Math.floor(s / 3600), unit: "h" };
}
