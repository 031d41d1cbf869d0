import { UnstyledButton } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { siteNeedsHand } from "../live/attention";
import { signedIn } from "../live/states";
import type { SiteFigures } from "../live/types";
import type { Language } from "../view/address";
import type { Spot } from "./layout";
import { ring } from "./ring";
import classes from "./SiteMarker.module.css";

interface SiteMarkerProps {
  site: SiteFigures;
  lang: Language;
  spot: Spot;
  compact: boolean;
  selected: boolean;
  onSelect: (site: string) => void;
}

/** A site on the map: its agents by state as a ring, its name, calls waiting and in talk. */
export function SiteMarker({ site, lang, spot, compact, selected, onSelect }: SiteMarkerProps) {
  const { t } = useTranslation();
  const { at, radius, side } = spot;
  const agents = signedIn(site.agents);
  return (
    <UnstyledButton
      className={classes.marker}
      style={{ left: at[0], top: at[1], width: radius * 2, height: radius * 2 }}
      aria-pressed={selected}
      onClick={() => onSelect(site.site_id)}
      data-testid={`marker-${site.site_id}`}
    >
      <svg viewBox={`${-radius} ${-radius} ${radius * 2} ${radius * 2}`} aria-hidden="true">
        <circle className={classes.disc} r={radius} />
        {ring(site.agents, radius - 1, radius * 0.62).map(({ state, path }) => (
          <path key={state} d={path} fillRule="evenodd" data-state={state} />
        ))}
        <text className={classes.agents} style={{ fontSize: radius * (agents > 99 ? 0.5 : 0.6) }}>
          {agents}
        </text>
      </svg>
      <span className={classes.label} data-side={side} data-compact={compact}>
        <b>{site.name[lang]}</b>{" "}
        {site.status === "open" ? null : (
          <em data-urgent={siteNeedsHand(site)}>{t(`status.${site.status}`)}</em>
        )}
        <span className={classes.figures}>
          <span>{t("map.waiting", { n: site.waiting })}</span>{" "}
          <span>{t("map.inTalk", { n: site.in_talk })}</span>{" "}
        </span>
        <span className="unseen">{t("map.agents", { n: agents })}</span>
      </span>
    </UnstyledButton>
  );
}
