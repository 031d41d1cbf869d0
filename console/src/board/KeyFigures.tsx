import { useTranslation } from "react-i18next";
import { waitNeedsHand } from "../live/attention";
import { waitedS } from "../live/businessTime";
import { duration } from "../text/format";
import { Age } from "./Age";
import { Defined, type DefinedFigure } from "./Defined";
import { useFigures } from "./FiguresContext";
import classes from "./KeyFigures.module.css";
import { SERVICE_TARGET, TargetBar } from "./TargetBar";

/** The figures of the whole centre, the most pressing first. */
export function KeyFigures() {
  const { t } = useTranslation();
  const { board, moment, formats } = useFigures();
  const { totals } = board.live;
  return (
    <section
      className={classes.strip}
      data-testid="key-figures"
      data-stale={moment.ages_s.calls !== null}
    >
      <KeyFigure figure="waiting" value={formats.count(totals.waiting)} unit={t("unit.calls")} />
      <LongestWait />
      <KeyFigure figure="inTalk" value={formats.count(totals.in_talk)} unit={t("unit.calls")} />
      <ServiceLevel />
      <KeyFigure
        figure="asa"
        value={totals.asa_s === null ? t("none") : formats.rate(totals.asa_s)}
        unit={t("unit.s")}
      />
      <KeyFigure
        figure="callsPerMinute"
        value={formats.rate(totals.calls_per_minute)}
        unit={t("unit.perMinute")}
      />
    </section>
  );
}

function LongestWait() {
  const { t } = useTranslation();
  const { board, moment } = useFigures();
  const waited_s = waitedS(board.live.totals.longest_wait_since, moment.businessAt);
  if (waited_s === null) {
    return (
      <KeyFigure
        figure="longestWait"
        value={t("none")}
        unit={t("unit.minS")}
        note={t("note.nobodyWaits")}
      />
    );
  }
  const urgent = waitNeedsHand(waited_s);
  return (
    <KeyFigure
      figure="longestWait"
      value={duration(waited_s)}
      unit={t(waited_s < 3600 ? "unit.minS" : "unit.hMinS")}
      note={urgent ? t("note.needsHand") : undefined}
      urgent={urgent}
    />
  );
}

function ServiceLevel() {
  const { t } = useTranslation();
  const { board, formats } = useFigures();
  const level = board.live.totals.service_level;
  return (
    <KeyFigure
      figure="serviceLevel"
      value={level === null ? t("none") : formats.percent(level)}
      unit={t("unit.percent")}
      note={t("note.target", { target: formats.percent(SERVICE_TARGET) })}
      bar={level}
    />
  );
}

interface KeyFigureProps {
  figure: Extract<
    DefinedFigure,
    "waiting" | "longestWait" | "inTalk" | "serviceLevel" | "asa" | "callsPerMinute"
  >;
  value: string;
  unit: string;
  note?: string | undefined;
  urgent?: boolean;
  bar?: number | null;
}

function KeyFigure({ figure, value, unit, note, urgent, bar }: KeyFigureProps) {
  const { t } = useTranslation();
  const { moment } = useFigures();
  return (
    <div className={classes.figure} data-urgent={urgent} data-testid={`figure-${figure}`}>
      <Defined figure={figure} className={classes.label} below_rem={4.25}>
        {t(`figure.${figure}`)}
      </Defined>
      <p className={classes.value}>
        <span data-testid={`value-${figure}`}>{value}</span>
        <small className={classes.unit}>{unit}</small>
      </p>
      {bar === undefined ? null : <TargetBar share={bar} />}
      <p className={classes.note}>{moment.ages_s.calls === null ? note : <Age />}</p>
    </div>
  );
}
