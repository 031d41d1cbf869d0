import { useTranslation } from "react-i18next";
import classes from "./DayTotals.module.css";
import { Defined } from "./Defined";
import { useFigures } from "./FiguresContext";
import { Panel } from "./Panel";

/** What became of the day's calls so far. */
export function DayTotals() {
  const { t } = useTranslation();
  const { board } = useFigures();
  const { totals, queues } = board.live;
  const short = queues.reduce((sum, queue) => sum + queue.short_abandoned, 0);
  return (
    <Panel label={t("dayTotals.label")} name="day">
      <table className={classes.table}>
        <tbody>
          <Total figure="offered" n={totals.offered} />
          <Total figure="answered" n={totals.answered} of={totals.offered} />
          <Total figure="abandoned" n={totals.abandoned} of={totals.offered} short={short} />
          <Total figure="contained" n={totals.contained} />
          <Total figure="failed" n={totals.failed} />
        </tbody>
      </table>
    </Panel>
  );
}

interface TotalProps {
  figure: "offered" | "answered" | "abandoned" | "contained" | "failed";
  n: number;
  of?: number;
  short?: number;
}

function Total({ figure, n, of, short }: TotalProps) {
  const { t } = useTranslation();
  const { formats } = useFigures();
  return (
    <tr>
      <th scope="row">
        <Defined figure={figure}>{t(`figure.${figure}`)}</Defined>
        {short ? <small>{`${t("figure.shortAbandoned")} ${formats.count(short)}`}</small> : null}
      </th>
      <td className={classes.share}>
        {of ? t("note.shareOfOffered", { share: formats.percent(n / of) }) : null}
      </td>
      <td className={classes.count} data-testid={`value-${figure}`}>
        {formats.count(n)}
      </td>
      <td className={classes.unit}>{t("unit.calls")}</td>
    </tr>
  );
}
