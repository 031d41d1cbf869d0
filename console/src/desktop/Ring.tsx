import { useTranslation } from "react-i18next";
import { businessNow } from "../live/businessTime";
import { useDesk } from "./DeskContext";
import type { Contact } from "./desk";
import classes from "./Ring.module.css";

const RADIUS = 20;
const AROUND = 2 * Math.PI * RADIUS;

/** How long the call still rings: a ring that empties, and the seconds. */
export function Ring({ offer }: { offer: Extract<Contact, { kind: "offer" }> }) {
  const { t } = useTranslation();
  const { desk, now } = useDesk();
  const { card, slot } = offer;
  if (card?.type !== "offer") return null;
  const ends = Date.parse(card.expires_at);
  const left = Math.max(0, ends - businessNow(desk.anchor, now));
  const whole = Math.max(1, ends - (slot.since ? Date.parse(slot.since) : ends - left));
  const share = Math.min(1, left / whole);
  return (
    <div className={classes.ring} data-testid="ring">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <circle className={classes.past} cx="24" cy="24" r={RADIUS} />
        <circle
          className={classes.left}
          cx="24"
          cy="24"
          r={RADIUS}
          strokeDasharray={AROUND}
          strokeDashoffset={AROUND * (1 - share)}
        />
      </svg>
      <span role="timer">
        {Math.ceil(left / 1000)}
        <span className="unseen"> {t("desktop.rings")}</span>
      </span>
    </div>
  );
}
