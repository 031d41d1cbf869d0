import classes from "./TargetBar.module.css";

/** The share of offered calls to be answered in time. */
export const SERVICE_TARGET = 0.8;

/** A share as a bar, with a tick where the target is. */
export function TargetBar({ share }: { share: number | null }) {
  return (
    <svg className={classes.bar} viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
      <rect className={classes.rest} y="2" width="100" height="2" />
      <rect className={classes.share} y="2" width={(share ?? 0) * 100} height="2" />
      <rect className={classes.target} x={SERVICE_TARGET * 100 - 0.5} width="1" height="6" />
    </svg>
  );
}
