import { grid, land } from "virtual:land";
import { useElementSize } from "@mantine/hooks";
import { memo, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { Defined } from "../board/Defined";
import { Panel } from "../board/Panel";
import { flowKey } from "../live/apply";
import type { AwayFlow, SiteFigures } from "../live/types";
import type { Language } from "../view/address";
import { Drawn } from "./Drawn";
import { Flow } from "./Flow";
import { type Layout, layoutOf, type Spot } from "./layout";
import classes from "./SiteMap.module.css";
import { SiteMarker } from "./SiteMarker";

interface SiteMapProps {
  sites: readonly SiteFigures[];
  away: readonly AwayFlow[];
  drawn: readonly string[];
  lang: Language;
  selected: string | null;
  onSelect: (site: string | null) => void;
}

/** The sites on a map: agents by state, calls waiting and in talk, calls answered away. */
export const SiteMap = memo(function SiteMap(props: SiteMapProps) {
  const { sites, away, drawn, lang, selected, onSelect } = props;
  const { t } = useTranslation();
  const { ref, width, height } = useElementSize();
  const flows = useMemo(() => shownFlows(away), [away]);
  const layout = useMemo(
    () =>
      width && height && sites.length ? layoutOf(sites, flows, { width, height }, lang) : null,
    [sites, flows, width, height, lang],
  );
  return (
    <Panel label={t("map.label")} name="map" of={["calls", "agents"]} className={classes.panel}>
      <div ref={ref} className={classes.map}>
        {sites.length === 0 ? <p className={classes.empty}>{t("map.empty")}</p> : null}
        {layout ? <Ground layout={layout} flows={flows} selected={selected} /> : null}
        {layout
          ? sites.map((site) => (
              <SiteMarker
                key={site.site_id}
                site={site}
                lang={lang}
                spot={layout.spots.get(site.site_id) as Spot}
                compact={layout.compact}
                selected={site.site_id === selected}
                onSelect={onSelect}
              />
            ))
          : null}
      </div>
      <Flows flows={flows} sites={sites} lang={lang} />
      <footer className={classes.foot}>
        <Legend />
        <Drawn drawn={drawn} />
      </footer>
    </Panel>
  );
});

/** Return the flows that are drawn, the largest first. */
function shownFlows(away: readonly AwayFlow[]): AwayFlow[] {
  return away
    .filter((flow) => flow.calls > 0 && flow.from !== flow.to)
    .toSorted((a, b) => b.calls - a.calls || flowKey(a).localeCompare(flowKey(b)));
}

interface GroundProps {
  layout: Layout;
  flows: readonly AwayFlow[];
  selected: string | null;
}

function Ground({ layout, flows, selected }: GroundProps) {
  const { fit, size } = layout;
  return (
    <svg className={classes.ground} width={size.width} height={size.height} aria-hidden="true">
      <g transform={`translate(${fit.x} ${fit.y}) scale(${fit.scale})`}>
        <path className={classes.land} d={land} />
        <path className={classes.grid} d={grid} />
      </g>
      {flows.map((flow) => {
        const key = flowKey(flow);
        const drawing = layout.flows.get(key);
        const apart = selected !== null && flow.from !== selected && flow.to !== selected;
        return drawing ? <Flow key={key} {...drawing} flow={flow} apart={apart} /> : null;
      })}
    </svg>
  );
}

function Legend() {
  const { t } = useTranslation();
  return (
    <span className={classes.legends}>
      <span className={classes.legend}>
        <svg viewBox="-8 -8 16 16" aria-hidden="true">
          <circle className={classes.legendRing} r="5.5" />
        </svg>
        <Defined figure="agents">{t("map.ring")}</Defined>
      </span>
      <span className={classes.legend}>
        <svg className={classes.legendWide} viewBox="0 -8 26 16" aria-hidden="true">
          <path className={classes.legendArrow} d="M1,3Q11,-5 19,0" />
          <path className={classes.legendHead} d="M17,-4L25,3L15,3Z" />
        </svg>
        <Defined figure="awayFlow">{t("map.arrow")}</Defined>
      </span>
    </span>
  );
}

/** The flows in words: seen where the map is too narrow for their numbers, heard everywhere. */
function Flows({
  flows,
  sites,
  lang,
}: Pick<SiteMapProps, "sites" | "lang"> & { flows: AwayFlow[] }) {
  const { t } = useTranslation();
  const names = new Map(sites.map((site) => [site.site_id, site.name[lang]]));
  return (
    <div className={classes.flows}>
      <h3>{flows.length ? t("map.flows") : t("map.noFlows")}</h3>
      <ul>
        {flows.map((flow) => (
          <li key={flowKey(flow)} data-testid={`flow-${flow.from}-${flow.to}`}>
            <span>
              {t("map.flow", {
                from: names.get(flow.from) ?? flow.from,
                to: names.get(flow.to) ?? flow.to,
              })}
            </span>
            <b>{flow.calls}</b>
          </li>
        ))}
      </ul>
    </div>
  );
}
