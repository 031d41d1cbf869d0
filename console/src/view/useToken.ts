import { useCallback, useEffect, useState } from "react";
import { keepToken, takeToken } from "./token";

/** Return the tab's token and how to use another; `turn` counts the tokens used. */
export function useToken() {
  const [held, setHeld] = useState(() => ({ token: takeToken(), turn: 0 }));
  const use = useCallback((token: string) => {
    keepToken(token);
    setHeld(({ turn }) => ({ token, turn: turn + 1 }));
  }, []);
  useEffect(() => {
    const follow = () => {
      if (location.hash) setHeld(({ turn }) => ({ token: takeToken(), turn: turn + 1 }));
    };
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return { ...held, use };
}
