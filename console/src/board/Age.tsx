import { useTranslation } from "react-i18next";
import { span } from "../text/format";
import classes from "./Age.module.css";
import { useFigures } from "./FiguresContext";

/** How old the figures beside it are; nothing while they are fresh, in the same place. */
export function Age() {
  const { t } = useTranslation();
  const { moment } = useFigures();
  if (moment.age_s === null) return <span className={classes.age} />;
  const { n, unit } = span(moment.age_s);
  return (
    <span className={classes.age} data-testid="age">
      {t("age", { age: t(`span.${unit}`, { n }) })}
    </span>
  );
}
