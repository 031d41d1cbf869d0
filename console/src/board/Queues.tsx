import { CloseButton, TextInput } from "@mantine/core";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { waitNeedsHand } from "../live/attention";
import { waitedS } from "../live/businessTime";
import type { QueueFigures } from "../live/types";
import { duration } from "../text/format";
import { Age } from "./Age";
import { Defined } from "./Defined";
import { useFigures } from "./FiguresContext";
import { filteredQueues } from "./filteredQueues";
import { Panel } from "./Panel";
import classes from "./Queues.module.css";
import { TargetBar } from "./TargetBar";

interface QueuesProps {
  filter: string;
  onFilter: (text: string) => void;
  field: RefObject<HTMLInputElement | null>;
}

/** The queues, filtered by typing, each with its figures. */
export function Queues({ filter, onFilter, field }: QueuesProps) {
  const { t } = useTranslation();
  const { board } = useFigures();
  const { queues } = board.live;
  const found = filteredQueues(queues, filter);
  return (
    <Panel
      label={t("queues.label")}
      name="queues"
      className={classes.panel}
      tools={
        <Filter filter={filter} onFilter={onFilter} field={field}>
          {t("queues.count", { shown: found.length, all: queues.length })}
        </Filter>
      }
    >
      {queues.length === 0 ? <p className={classes.empty}>{t("queues.empty")}</p> : null}
      {queues.length > 0 && found.length === 0 ? (
        <p className={classes.empty} data-testid="no-match">
          {t("queues.noMatch", { filter })}
        </p>
      ) : null}
      {found.length > 0 ? <QueueTable queues={found} /> : null}
    </Panel>
  );
}

function Filter({ filter, onFilter, field, children }: QueuesProps & { children: string }) {
  const { t } = useTranslation();
  const clear = (
    <CloseButton
      size="sm"
      aria-label={t("queues.clear")}
      onClick={() => onFilter("")}
      data-testid="clear-filter"
    />
  );
  return (
    <>
      <span className={classes.count} aria-live="polite" data-testid="queue-count">
        {children}
      </span>
      <TextInput
        ref={field}
        size="xs"
        className={classes.filter}
        placeholder={t("queues.filter")}
        aria-label={t("queues.filter")}
        aria-keyshortcuts="/"
        value={filter}
        onChange={(event) => onFilter(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          onFilter("");
          event.currentTarget.blur();
        }}
        rightSection={filter ? clear : null}
        data-testid="filter"
      />
    </>
  );
}

function QueueTable({ queues }: { queues: readonly QueueFigures[] }) {
  const { t } = useTranslation();
  return (
    // biome-ignore lint/a11y/noRedundantRoles: as rows of a phone the table is no CSS table, and browsers then drop its role
    <table className={classes.table} role="table">
      {/* biome-ignore lint/a11y/noRedundantRoles: as above */}
      <thead role="rowgroup">
        <tr>
          <th scope="col">{t("queues.queue")}</th>
          <Head figure="waiting" unit={t("unit.calls")} />
          <Head figure="longestWait" unit={t("unit.minS")} />
          <Head figure="expectedWait" unit={t("unit.minS")} />
          <Head figure="inTalk" unit={t("unit.calls")} />
          <Head figure="offered" unit={t("unit.calls")} />
          <Head figure="answered" unit={t("unit.calls")} />
          <Head figure="abandoned" unit={t("unit.calls")} />
          <Head figure="serviceLevel" unit={t("unit.percent")} />
        </tr>
      </thead>
      <tbody>
        {queues.map((queue) => (
          <QueueRow key={queue.queue_id} queue={queue} />
        ))}
      </tbody>
    </table>
  );
}

interface HeadProps {
  figure:
    | "waiting"
    | "longestWait"
    | "expectedWait"
    | "inTalk"
    | "offered"
    | "answered"
    | "abandoned"
    | "serviceLevel";
  unit: string;
}

function Head({ figure, unit }: HeadProps) {
  const { t } = useTranslation();
  const { moment } = useFigures();
  const old = figure === "expectedWait" && moment.ages_s.expected_waits !== null;
  return (
    <th scope="col">
      <Defined figure={figure}>{t(`figure.${figure}`)}</Defined>
      <small>{old ? <Age of={["expected_waits"]} /> : unit}</small>
    </th>
  );
}

function QueueRow({ queue }: { queue: QueueFigures }) {
  const { t } = useTranslation();
  const { moment, formats, lang } = useFigures();
  const waited_s = waitedS(queue.longest_wait_since, moment.businessAt);
  const urgent = waitNeedsHand(waited_s);
  const level = queue.service_level;
  const expected_s = queue.expected_wait_s;
  return (
    <tr data-testid={`queue-${queue.queue_id}`} data-urgent={urgent}>
      <th scope="row">
        <span className={classes.name}>{queue.name[lang]}</span>
        <span className={classes.client}>{queue.client}</span>
      </th>
      <Cell label={t("short.waiting")} strong zero={!queue.waiting}>
        {formats.count(queue.waiting)}
      </Cell>
      <Cell label={t("short.longestWait")} strong zero={waited_s === null}>
        {waited_s === null ? t("none") : duration(waited_s)}
      </Cell>
      <Cell label={t("short.expectedWait")} zero={!expected_s}>
        {expected_s === null ? t("none") : duration(expected_s)}
      </Cell>
      <Cell label={t("short.inTalk")} zero={!queue.in_talk}>
        {formats.count(queue.in_talk)}
      </Cell>
      <Cell label={t("short.offered")}>{formats.count(queue.offered)}</Cell>
      <Cell label={t("short.answered")}>{formats.count(queue.answered)}</Cell>
      <Cell label={t("short.abandoned")}>{formats.count(queue.abandoned)}</Cell>
      <Cell label={t("short.serviceLevel")} zero={level === null}>
        <span className={classes.level}>
          <TargetBar share={level} />
          {level === null ? t("none") : formats.percent(level)}
        </span>
      </Cell>
    </tr>
  );
}

interface CellProps {
  label: string;
  strong?: boolean;
  zero?: boolean;
  children: React.ReactNode;
}

function Cell({ label, strong, zero, children }: CellProps) {
  return (
    <td data-label={label} data-strong={strong} data-zero={zero}>
      {children}
    </td>
  );
}
