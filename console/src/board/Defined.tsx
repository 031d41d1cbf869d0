import { Popover, UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ATTENTION_WAIT_S } from "../live/attention";
import { rem } from "../look/rem";
import classes from "./Defined.module.css";
import { useFigures } from "./FiguresContext";

export type DefinedFigure =
  | "waiting"
  | "longestWait"
  | "expectedWait"
  | "inTalk"
  | "serviceLevel"
  | "asa"
  | "callsPerMinute"
  | "offered"
  | "answered"
  | "abandoned"
  | "contained"
  | "failed"
  | "agents"
  | "overdue"
  | "answeredAway"
  | "awayFlow";

interface DefinedProps {
  figure: DefinedFigure;
  children: string;
  className?: string | undefined;
  /** How far below its label the definition opens, so that it leaves the figure in sight; rem. */
  below_rem?: number;
}

/** The label of a figure; a click on it says what the figure is. */
export function Defined({ figure, children, className, below_rem = 0.375 }: DefinedProps) {
  return (
    <Popover
      width="22rem"
      position="bottom-start"
      offset={below_rem * rem()}
      shadow="md"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <UnstyledButton
          className={`${classes.label} ${className ?? ""}`}
          data-testid={`definition-${figure}`}
        >
          {children}
        </UnstyledButton>
      </Popover.Target>
      <Popover.Dropdown className={classes.card} data-testid="definition" aria-label={children}>
        <Definition figure={figure} title={children} />
      </Popover.Dropdown>
    </Popover>
  );
}

function Definition({ figure, title }: { figure: DefinedFigure; title: string }) {
  const { t } = useTranslation();
  const { board, formats } = useFigures();
  const at = Date.parse(board.live.at);
  return (
    <>
      <h3 className={classes.title}>{title}</h3>
      <p className={classes.text}>
        {t(`definition.${figure}.text`, { attention: ATTENTION_WAIT_S })}
      </p>
      <dl className={classes.facts}>
        <Fact name={t("definition.formula")}>{t(`definition.${figure}.formula`)}</Fact>
        <Fact name={t("definition.position")}>
          <Position of={board.live.position} none={t("definition.noPosition")} />
        </Fact>
        <Fact name={t("definition.at")}>{`${formats.clock(at, 1)} ${t("clock.zone")}`}</Fact>
      </dl>
    </>
  );
}

/** A log position, one partition a piece: none is broken over two lines. */
function Position({ of, none }: { of: Record<string, number>; none: string }) {
  const partitions = Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  return (
    <span className={classes.position}>
      {partitions.length === 0 ? none : null}
      {partitions.map(([partition, offset]) => (
        <span key={partition}>{`${partition}@${offset}`}</span>
      ))}
    </span>
  );
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
