import { useEffect } from "react";
import { dialogOpen, typing } from "../view/shortcuts";

/** Move focus to what is to do next whenever `stage` changes, but never away from who types. */
export function useNextFocus(stage: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: the stage is what has changed
  useEffect(() => {
    if (typing(document.activeElement) || dialogOpen()) return;
    document.querySelector<HTMLElement>("[data-next]")?.focus();
  }, [stage]);
}
