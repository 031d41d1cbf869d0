import { UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { siteNeedsHand } from "../live/attention";
import { waitedS } from "../live/businessTime";
import { AGENT_STATES, signedIn } from "../live/states";
import type { SiteFigures } from "../live/types";
import { duration } from "../text/format";
import { Defined } from "./Defined";
import { useFigures } from "./FiguresContext";
import { Panel } from "./Panel";
import classes from "./Sites.module.css";
import { Swatch } from "./Swatch";

interface SitesProps {
  selected: string | null;
  onSelect: (site: string | null) => void;
}

/** Each site's calls and agents by state, beside those of all of them. */
export function Sites({ selected, onSelect }: SitesProps) {
  const { t } = useTranslation();
  const { board } = useFigures();
  const { sites, totals } = board.live;
  const sum = (of: (site: SiteFigures) => number) => sites.reduce((all, site) => all + of(site), 0);
  return (
    <Panel
      label={t("sites.label")}
      name="sites"
      of={["calls", "agents"]}
      tools={<Overdue selected={selected} />}
    >
      <div className={classes.scroll}>
        <table className={classes.table}>
          <SiteHeads selected={selected} onSelect={onSelect} />
          <Group label={t("sites.now")}>
            <Row
              name="waiting"
              label={<Defined figure="waiting">{t("figure.waiting")}</Defined>}
              all={totals.waiting}
              of={(site) => site.waiting}
              selected={selected}
              strong
            />
            <Row
              name="in_talk"
              label={<Defined figure="inTalk">{t("figure.inTalk")}</Defined>}
              all={totals.in_talk}
              of={(site) => site.in_talk}
              selected={selected}
              strong
            />
          </Group>
          <Group label={<Defined figure="agents">{t("sites.agents")}</Defined>}>
            {AGENT_STATES.map((state) => (
              <Row
                key={state}
                name={state}
                label={
                  <span className={classes.state}>
                    <Swatch state={state} />
                    {t(`state.${state}`)}
                  </span>
                }
                all={totals.agents[state]}
                of={(site) => site.agents[state]}
                selected={selected}
              />
            ))}
            <Row
              name="signed_in"
              label={t("figure.signedIn")}
              all={signedIn(totals.agents)}
              of={(site) => signedIn(site.agents)}
              selected={selected}
              strong
            />
          </Group>
          <Group label={t("sites.day")}>
            <Row
              name="answered"
              label={<Defined figure="answered">{t("figure.answered")}</Defined>}
              all={totals.answered}
              of={(site) => site.answered}
              selected={selected}
            />
            <Row
              name="answered_away"
              label={<Defined figure="answeredAway">{t("figure.answeredAway")}</Defined>}
              all={sum((site) => site.answered_away)}
              of={(site) => site.answered_away}
              selected={selected}
            />
          </Group>
        </table>
      </div>
    </Panel>
  );
}

/** Who is away too long, the longest first: of the chosen site, or of all of them. */
function Overdue({ selected }: Pick<SitesProps, "selected">) {
  const { t } = useTranslation();
  const { board, moment, formats } = useFigures();
  const shown = board.live.overdue.filter(({ site_id }) => site_id === (selected ?? site_id));
  const who = shown
    .map(({ agent_id, reason, overdue_at }) => {
      const over_s = waitedS(overdue_at, moment.businessAt) ?? 0;
      return t("sites.overdue", { agent: agent_id, reason, time: duration(over_s) });
    })
    .join(", ");
  return (
    <div className={classes.overdue} data-urgent={shown.length > 0}>
      <Defined figure="overdue">{t("figure.overdue")}</Defined>
      <strong data-testid="all-overdue">{formats.count(shown.length)}</strong>
      <span title={who} role="status" data-testid="overdue">
        {who}
      </span>
    </div>
  );
}

function SiteHeads({ selected, onSelect }: SitesProps) {
  const { t } = useTranslation();
  const { board, lang } = useFigures();
  return (
    <thead>
      <tr>
        <td />
        <th scope="col">
          <SiteHead pressed={selected === null} onClick={() => onSelect(null)} name="all">
            {t("sites.all")}
          </SiteHead>
          <span className={classes.status} />
        </th>
        {board.live.sites.map((site) => (
          <th key={site.site_id} scope="col" data-selected={site.site_id === selected}>
            <SiteHead
              pressed={site.site_id === selected}
              onClick={() => onSelect(site.site_id)}
              name={site.site_id}
            >
              {site.name[lang]}
            </SiteHead>
            <span className={siteNeedsHand(site) ? classes.lost : classes.status}>
              {site.status === "open" ? null : t(`status.${site.status}`)}
            </span>
          </th>
        ))}
      </tr>
    </thead>
  );
}

interface SiteHeadProps {
  pressed: boolean;
  onClick: () => void;
  name: string;
  children: string;
}

function SiteHead({ pressed, onClick, name, children }: SiteHeadProps) {
  return (
    <UnstyledButton
      className={classes.site}
      aria-pressed={pressed}
      onClick={onClick}
      title={children}
      data-testid={`select-${name}`}
    >
      {children}
    </UnstyledButton>
  );
}

function Group({ label, children }: { label: ReactNode; children: ReactNode }) {
  const { board } = useFigures();
  return (
    <tbody>
      <tr className={classes.group}>
        <th scope="rowgroup" colSpan={board.live.sites.length + 2}>
          {label}
        </th>
      </tr>
      {children}
    </tbody>
  );
}

interface RowProps {
  name: string;
  label: ReactNode;
  all: number;
  of: (site: SiteFigures) => number;
  selected: string | null;
  strong?: boolean;
}

function Row({ name, label, all, of, selected, strong }: RowProps) {
  const { board, formats } = useFigures();
  return (
    <tr className={strong ? classes.strong : undefined}>
      <th scope="row">{label}</th>
      <td className={classes.all} data-testid={`all-${name}`}>
        {formats.count(all)}
      </td>
      {board.live.sites.map((site) => (
        <td
          key={site.site_id}
          data-selected={site.site_id === selected}
          data-zero={of(site) === 0}
          data-testid={`site-${site.site_id}-${name}`}
        >
          {formats.count(of(site))}
        </td>
      ))}
    </tr>
  );
}
