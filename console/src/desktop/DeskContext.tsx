import { createContext, useContext } from "react";
import { businessNow } from "../live/businessTime";
import { duration } from "../text/format";
import type { Language } from "../view/address";
import type { Action, Possible } from "./actions";
import type { Contact, Desk } from "./desk";
import type { Code, Fetched, Reason } from "./http";
import type { Line, Waiting } from "./line";
import type { Text } from "./protocol";

/** What every part of the page draws from. */
export interface AtDesk {
  desk: Desk;
  contacts: readonly Contact[];
  waiting: readonly Waiting[];
  lang: Language;
  token: string;
  /** Machine time at which the page is drawn; it stands while the line is lost. */
  now: number;
  /** All reasons for being not ready, those that the system gives, too. */
  reasons: Fetched<Reason[]>;
  codes: Fetched<Code[]>;
  ask: Line["ask"];
  act: (possible: Possible) => void;
}

const Context = createContext<AtDesk | null>(null);
export const DeskProvider = Context.Provider;

/** Return what the page draws from. */
export function useDesk(): AtDesk {
  const found = useContext(Context);
  if (!found) throw new Error("outside the desktop");
  return found;
}

/** Return the words of `text` in the page's language. */
export function useWords(): (text: Text) => string {
  const { lang } = useDesk();
  return (text) => text[lang];
}

/** Return how long ago or ahead a moment of business time is, as `m:ss`. */
export function useTime(): { since: (at: string) => string; until: (at: string) => string } {
  const { desk, now } = useDesk();
  const at = businessNow(desk.anchor, now);
  const written = (ms: number) => duration(Math.max(0, ms / 1000));
  return {
    since: (moment) => written(at - Date.parse(moment)),
    until: (moment) => written(Date.parse(moment) - at),
  };
}

/** Return whether an action has been asked for and has no answer yet. */
export function isAsked(waiting: readonly Waiting[], action: Action, id: string | null): boolean {
  const name = action === "sign_out_after_work" ? "sign_out" : action;
  return waiting.some(
    ({ command }) => command.command === name && (command.reservation_id ?? null) === id,
  );
}
