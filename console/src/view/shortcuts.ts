import { useEffect, useRef } from "react";

export type Shortcut = "help" | "language" | "filter" | "alerts" | "clear" | `site-${number}`;

type Key = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey">;

const BY_KEY: Record<string, Shortcut> = {
  Escape: "clear",
  "?": "help",
  "/": "filter",
  a: "alerts",
  A: "alerts",
  l: "language",
  L: "language",
};

/** The same keys of the keyboard under a Russian layout: place, then what it types. */
const BY_PLACE: Record<string, Shortcut> = {
  "Slash ,": "help",
  "Slash .": "filter",
  "KeyA ф": "alerts",
  "KeyA Ф": "alerts",
  "KeyL д": "language",
  "KeyL Д": "language",
};

/** Return what a key asks for, or null. */
export function shortcutOf(pressed: Key): Shortcut | null {
  const { key, code } = pressed;
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return null;
  if (/^[0-9]$/.test(key)) return `site-${Number(key)}`;
  return BY_KEY[key] ?? BY_PLACE[`${code} ${key}`] ?? null;
}

/** Call `onShortcut` for the keys of this page, except while somebody types. */
export function useShortcuts(onShortcut: (shortcut: Shortcut) => void): void {
  const latest = useRef(onShortcut);
  latest.current = onShortcut;
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event);
      if (!shortcut || event.defaultPrevented || typing(event.target) || dialogOpen()) return;
      if (shortcut !== "clear") event.preventDefault();
      latest.current(shortcut);
    };
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}

const TYPED_IN = "input:not([type=checkbox], [type=radio]), textarea, select";

/** Return whether somebody types there. */
export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest(TYPED_IN) !== null;
}

/** Return whether a dialog is open: the page behind it takes no keys. */
export function dialogOpen(): boolean {
  return document.querySelector('[role="dialog"]') !== null;
}
