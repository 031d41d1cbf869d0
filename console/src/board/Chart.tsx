import { useComputedColorScheme } from "@mantine/core";
import { LineChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import { type Point, SERIES_MINUTES } from "../live/series";
import { formatsOf } from "../text/format";
import type { Language } from "../view/address";

use([LineChart, GridComponent, CanvasRenderer]);

interface ChartProps {
  series: readonly Point[];
  lang: Language;
}

/** The series as a line over the last hour, drawn on a canvas. */
export function Chart({ series, lang }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType>(null);
  const scheme = useComputedColorScheme("light");
  useEffect(() => {
    const element = place.current as HTMLDivElement;
    const drawn = init(element, null, { renderer: "canvas" });
    chart.current = drawn;
    const resized = new ResizeObserver(() => drawn.resize());
    resized.observe(element);
    return () => {
      resized.disconnect();
      drawn.dispose();
    };
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours read from the page change with the scheme
  useEffect(() => {
    chart.current?.setOption(optionOf(series, lang, look()), { notMerge: true, silent: true });
  }, [series, lang, scheme]);
  return <div ref={place} />;
}

type Look = ReturnType<typeof look>;

/** Return colours and sizes of the page, which a canvas does not inherit. */
function look() {
  const style = getComputedStyle(document.documentElement);
  const probe = document.createElement("i");
  document.body.append(probe);
  const colour = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const colours = {
    accent: colour("--accent"),
    muted: colour("--muted"),
    line: colour("--line"),
  };
  probe.remove();
  return { ...colours, rem: Number.parseFloat(style.fontSize), font: style.fontFamily };
}

function optionOf(series: readonly Point[], lang: Language, { rem, ...look }: Look) {
  const { hourMinute, count } = formatsOf(lang);
  const last = series.at(-1)?.at ?? 0;
  const label = { color: look.muted, fontSize: rem * 0.6875, fontFamily: '"Inter Variable"' };
  return {
    animation: false,
    grid: { left: rem * 1.75, right: rem * 0.25, top: rem * 0.5, bottom: rem * 1.25 },
    xAxis: {
      type: "time",
      min: last - SERIES_MINUTES * 60_000,
      max: last,
      splitNumber: 4,
      axisLine: { lineStyle: { color: look.line } },
      axisTick: { show: false },
      axisLabel: { ...label, formatter: (at: number) => hourMinute(at), hideOverlap: true },
    },
    yAxis: {
      type: "value",
      min: 0,
      splitNumber: 2,
      minInterval: 1,
      axisLabel: { ...label, formatter: (n: number) => count(n) },
      splitLine: { lineStyle: { color: look.line } },
    },
    series: [
      {
        type: "line",
        showSymbol: false,
        lineStyle: { color: look.accent, width: rem * 0.1 },
        areaStyle: { color: look.accent, opacity: 0.1 },
        data: series.map(({ at, value }) => [at, value]),
      },
    ],
  };
}
