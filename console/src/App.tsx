import { useCallback, useEffect, useLayoutEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { LivePage } from "./LivePage";
import { Access } from "./states/Access";
import { keepToken, takeToken } from "./view/token";
import { useView } from "./view/useView";

/** The board page: its view in the address bar, its token, and the stream behind both. */
export function App() {
  const { i18n } = useTranslation();
  const [view, changeView] = useView();
  const { token, turn, use } = useToken();
  useLayoutEffect(() => {
    document.documentElement.lang = view.lang;
    void i18n.changeLanguage(view.lang);
  }, [i18n, view.lang]);
  if (token === null) {
    return <Access reason="none" view={view} onView={changeView} onToken={use} />;
  }
  return <LivePage key={turn} token={token} view={view} onView={changeView} onToken={use} />;
}

/** Return the tab's token and how to use another; `turn` counts the tokens used. */
function useToken() {
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
