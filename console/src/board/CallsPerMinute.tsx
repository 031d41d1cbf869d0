import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import { type Point, SERIES_MINUTES } from "../live/series";
import classes from "./CallsPerMinute.module.css";
import { useFigures } from "./FiguresContext";
import { Panel } from "./Panel";

const Chart = lazy(() => import("./Chart").then(({ Chart }) => ({ default: Chart })));

/** Calls per minute over the last hour of business time, since the page was opened. */
export function CallsPerMinute({ series }: { series: readonly Point[] }) {
  const { t } = useTranslation();
  const { formats, lang } = useFigures();
  const values = series.map((point) => point.value);
  const summary = t("chart.summary", {
    value: formats.rate(values.at(-1) ?? 0),
    highest: formats.rate(Math.max(0, ...values)),
  });
  return (
    <Panel
      label={t("chart.label")}
      name="chart"
      tools={
        <span className={classes.note}>{t("note.lastHour", { minutes: SERIES_MINUTES })}</span>
      }
    >
      <div className={classes.chart} role="img" aria-label={summary} data-testid="chart">
        <Suspense>
          <Chart series={series} lang={lang} />
        </Suspense>
      </div>
    </Panel>
  );
}
