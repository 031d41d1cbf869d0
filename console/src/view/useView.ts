import { useCallback, useEffect, useState } from "react";
import { queryOf, type View, viewOf } from "./address";

/** Return the view in the address bar and how to change it. */
export function useView(): [View, (change: Partial<View>) => void] {
  const [view, setView] = useState(currentView);
  useEffect(() => {
    const follow = () => setView(currentView());
    addEventListener("popstate", follow);
    return () => removeEventListener("popstate", follow);
  }, []);
  useEffect(() => {
    const query = queryOf(view);
    if (query !== location.search) {
      history.replaceState(history.state, "", location.pathname + query + location.hash);
    }
  }, [view]);
  const change = useCallback(
    (part: Partial<View>) => setView((last) => ({ ...last, ...part })),
    [],
  );
  return [view, change];
}

function currentView(): View {
  return viewOf(location.search, navigator.languages);
}
