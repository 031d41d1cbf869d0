import { useLayoutEffect } from "react";
import { useTranslation } from "react-i18next";
import { LivePage } from "./LivePage";
import { Access } from "./states/Access";
import { useToken } from "./view/useToken";
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
