import { createContext, type ReactNode, useContext, useMemo } from "react";
import type { Board } from "../live/apply";
import { type Formats, formatsOf } from "../text/format";
import type { Language } from "../view/address";
import type { Moment } from "./useMoment";

/** What each figure of the page is drawn from. */
export interface Figures {
  board: Board;
  moment: Moment;
  lang: Language;
  formats: Formats;
}

const FiguresContext = createContext<Figures | null>(null);

interface FiguresProviderProps {
  board: Board;
  moment: Moment;
  lang: Language;
  children: ReactNode;
}

/** Gives the figures to the parts of the page. */
export function FiguresProvider({ children, board, moment, lang }: FiguresProviderProps) {
  const formats = useMemo(() => formatsOf(lang), [lang]);
  return <FiguresContext value={{ board, moment, lang, formats }}>{children}</FiguresContext>;
}

/** Return the figures of the page. */
export function useFigures(): Figures {
  const figures = useContext(FiguresContext);
  if (!figures) throw new Error("a figure stands outside of the board");
  return figures;
}
