import { useCallback, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Board } from "../live/apply";
import type { Link } from "../live/feed";
import type { Point } from "../live/series";
import { SiteMap } from "../map/SiteMap";
import type { View } from "../view/address";
import { type Shortcut, useShortcuts } from "../view/shortcuts";
import classes from "./BoardPage.module.css";
import { CallsPerMinute } from "./CallsPerMinute";
import { DayTotals } from "./DayTotals";
import { FiguresProvider } from "./FiguresContext";
import { Header } from "./Header";
import { KeyFigures } from "./KeyFigures";
import { Queues } from "./Queues";
import { Shortcuts } from "./Shortcuts";
import { Sites } from "./Sites";
import { useMoment } from "./useMoment";

interface BoardPageProps {
  board: Board;
  link: Link;
  series: readonly Point[];
  view: View;
  onView: (change: Partial<View>) => void;
  onRetry: () => void;
}

/** The live board: map, sites, queues and figures of the centre. */
export function BoardPage({ board, link, series, view, onView, onRetry }: BoardPageProps) {
  const { live } = board;
  const moment = useMoment(board, link);
  const filter = useRef<HTMLInputElement>(null);
  const alerts = useRef<HTMLButtonElement>(null);
  const [help, setHelp] = useState(false);
  const selected = live.sites.some((site) => site.site_id === view.site) ? view.site : null;
  const select = useCallback(
    (site: string | null) => onView({ site: site === selected ? null : site }),
    [onView, selected],
  );
  useTitle(live.totals.waiting);
  useShortcuts((shortcut) => {
    const does: Record<Exclude<Shortcut, `site-${number}`>, () => void> = {
      help: () => setHelp(true),
      language: () => onView({ lang: view.lang === "ru" ? "en" : "ru" }),
      filter: () => filter.current?.focus(),
      alerts: () => alerts.current?.click(),
      clear: () => onView({ filter: "", site: null }),
    };
    if (shortcut in does) does[shortcut as keyof typeof does]();
    else onView({ site: live.sites[Number(shortcut.slice(5)) - 1]?.site_id ?? null });
  });
  return (
    <FiguresProvider board={board} moment={moment} lang={view.lang}>
      <div className={classes.page} data-testid="board">
        <Header
          link={link}
          view={view}
          onView={onView}
          onRetry={onRetry}
          onHelp={() => setHelp(true)}
          alerts={alerts}
        />
        <main className={classes.main}>
          <KeyFigures />
          <SiteMap
            sites={live.sites}
            away={live.away}
            drawn={live.drawn}
            lang={view.lang}
            selected={selected}
            onSelect={select}
          />
          <Sites selected={selected} onSelect={select} />
          <Queues
            filter={view.filter}
            onFilter={(text) => onView({ filter: text })}
            field={filter}
          />
          <div className={classes.aside}>
            <CallsPerMinute series={series} />
            <DayTotals />
          </div>
        </main>
        <Shortcuts
          opened={help}
          onClose={() => setHelp(false)}
          sites={live.sites}
          lang={view.lang}
        />
      </div>
    </FiguresProvider>
  );
}

function useTitle(waiting: number): void {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t("page.title", { waiting });
  }, [t, waiting]);
}
