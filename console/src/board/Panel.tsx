import type { ReactNode } from "react";
import type { Kind } from "../live/types";
import { Age } from "./Age";
import classes from "./Panel.module.css";

interface PanelProps {
  label: string;
  /** Name for tests. */
  name: string;
  /** What its figures are made of. */
  of?: readonly Kind[];
  tools?: ReactNode;
  className?: string | undefined;
  children: ReactNode;
}

/** One part of the board under its heading, with the age of its figures. */
export function Panel({ label, name, of, tools, className, children }: PanelProps) {
  return (
    <section
      className={`${classes.panel} ${className ?? ""}`}
      aria-label={label}
      data-testid={`panel-${name}`}
    >
      <header className={classes.head}>
        <h2 className={classes.title}>{label}</h2>
        <Age of={of} />
        {tools}
      </header>
      {children}
    </section>
  );
}
