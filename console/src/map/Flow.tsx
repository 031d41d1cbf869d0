import { useEffect, useRef, useState } from "react";
import type { AwayFlow } from "../live/types";
import classes from "./Flow.module.css";
import type { FlowDrawing } from "./layout";

interface FlowProps extends FlowDrawing {
  flow: AwayFlow;
  /** It does not touch the chosen site. */
  apart: boolean;
}

/** An arrow for calls answered away; a light runs along it when there is one more. */
export function Flow({ flow, arrow, number, apart }: FlowProps) {
  const pulse = useGrowth(flow.calls);
  return (
    <g className={classes.flow} data-apart={apart} data-testid={`arrow-${flow.from}-${flow.to}`}>
      <path className={classes.shaft} d={arrow.shaft} strokeWidth={arrow.width} />
      <path className={classes.head} d={arrow.head} />
      {pulse ? (
        <path
          key={pulse}
          className={classes.pulse}
          d={arrow.shaft}
          strokeWidth={arrow.width}
          pathLength={100}
        />
      ) : null}
      {number ? (
        <text className={classes.number} x={number[0]} y={number[1]}>
          {flow.calls}
        </text>
      ) : null}
    </g>
  );
}

/** Return how often `calls` has grown since the first drawing. */
function useGrowth(calls: number): number {
  const before = useRef(calls);
  const [growths, setGrowths] = useState(0);
  useEffect(() => {
    if (calls > before.current) setGrowths((n) => n + 1);
    before.current = calls;
  }, [calls]);
  return growths;
}
