import { useTranslation } from "react-i18next";
import type { Kind } from "../live/types";
import { span } from "../text/format";
import classes from "./Age.module.css";
import { useFigures } from "./FiguresContext";
import { ageOf } from "./useMoment";

/** How old the figures beside it are; nothing while they are fresh, in the same place. */
export function Age({ of = ["calls"] }: { of?: readonly Kind[] | undefined }) {
  const { t } = useTranslation();
  const { moment } = useFigures();
  const age_s = ageOf(moment, of);
  if (age_s === null) return <span className={classes.age} />;
  const { n, unit } = span(age_s);
  return (
    <span className={classes.age} data-testid="age">
      {t("age", { age: t(`span.${unit}`, { n }) })}
    </span>
  );
}
