import type { ReactNode } from "react";
import { Bar } from "../board/Bar";
import type { View } from "../view/address";
import classes from "./Notice.module.css";

interface NoticeProps {
  /** Name for tests. */
  name: string;
  page?: "board" | "desktop";
  title: string;
  text: string;
  view: View;
  onView: (change: Partial<View>) => void;
  children?: ReactNode;
}

/** A page that says one thing in place of what it is for, and what can be done. */
export function Notice({ name, page, title, text, view, onView, children }: NoticeProps) {
  return (
    <div className={classes.page} data-testid={name}>
      <Bar page={page} view={view} onView={onView} />
      <main className={classes.card}>
        <h2 className={classes.title}>{title}</h2>
        <p className={classes.text}>{text}</p>
        {children}
      </main>
    </div>
  );
}
