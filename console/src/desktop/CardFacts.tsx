import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { BOARD_TIME_ZONE } from "../text/format";
import type { Language } from "../view/address";
import classes from "./CardFacts.module.css";
import { useDesk, useWords } from "./DeskContext";
import type { Contact } from "./desk";
import { useCaller } from "./http";
import type { Card } from "./protocol";

/** What is known of the call; who is on the line only while the agent talks with them. */
export function CardFacts({ contact }: { contact: Contact }) {
  const { t } = useTranslation();
  const words = useWords();
  const { card } = contact;
  return (
    <dl className={classes.facts}>
      {contact.kind === "talk" && contact.connected ? <OnTheLine contact={contact} /> : null}
      {card?.sent ? <Sent sent={card.sent} /> : null}
      <Fact name="queue" label={t("desktop.card.queue")}>
        {card?.queue}
      </Fact>
      <Fact name="place" label={t("desktop.card.place")}>
        <Place place={card?.place ?? null} />
      </Fact>
      <Fact name="customer" label={t("desktop.card.customer")}>
        {card?.customer_ref}
      </Fact>
      <Fact name="gathered" label={t("desktop.card.gathered")} wide>
        {card?.gathered.length
          ? card.gathered.map(({ source, name, value, label }) => (
              <span className={classes.said} key={`${source}-${name}-${value}`}>
                {label ? words(label) : `${name}: ${value}`}
              </span>
            ))
          : null}
      </Fact>
      <Fact name="contacts" label={t("desktop.card.contacts")} wide>
        {card?.contacts.length ? <LastContacts contacts={card.contacts} /> : null}
      </Fact>
    </dl>
  );
}

interface FactProps {
  name: string;
  label: string;
  wide?: boolean;
  children: ReactNode;
}

function Fact({ name, label, wide, children }: FactProps) {
  if (!children) return null;
  return (
    <div className={wide ? classes.wide : undefined}>
      <dt>{label}</dt>
      <dd data-testid={name}>{children}</dd>
    </div>
  );
}

/** Number and name, read from ivr, which notes each reading. */
function OnTheLine({ contact }: { contact: Extract<Contact, { kind: "talk" }> }) {
  const { t } = useTranslation();
  const { token } = useDesk();
  const asked = contact.card?.parent_call_id ? null : (contact.slot.call_id ?? null);
  const caller = useCaller(asked, token);
  if (caller === null) return null;
  const unread = caller === "failed" ? t("desktop.card.unread") : null;
  const { number, name } = caller === "failed" ? { number: null, name: null } : caller;
  return (
    <>
      <Fact name="number" label={t("desktop.card.number")}>
        {unread ?? number ?? t("desktop.card.withheld")}
      </Fact>
      <Fact name="caller-name" label={t("desktop.card.name")}>
        {name}
      </Fact>
    </>
  );
}

const SENT = { transfer: "sent", consult: "asked", returned: "returned" } as const;

function Sent({ sent }: { sent: NonNullable<Card["sent"]> }) {
  const { t } = useTranslation();
  const words = useWords();
  return (
    <>
      <Fact name="sent" label={t(`desktop.card.${SENT[sent.reason]}`)}>
        {sent.name ? words(sent.name) : sent.agent_id}
      </Fact>
      <Fact name="note" label={t("desktop.card.note")} wide>
        {sent.note}
      </Fact>
    </>
  );
}

function Place({ place }: { place: Card["place"] }) {
  const { t } = useTranslation();
  const { lang } = useDesk();
  if (!place) return null;
  const { country, region, candidates } = place;
  if (country) return [countryIn(lang, country), region].filter(Boolean).join(", ");
  return t("desktop.card.oneOf", { places: (candidates ?? []).join(", ") });
}

function LastContacts({ contacts }: { contacts: Card["contacts"] }) {
  const { t } = useTranslation();
  const { lang, codes } = useDesk();
  const words = useWords();
  const at = new Intl.DateTimeFormat(lang, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: BOARD_TIME_ZONE,
  });
  const codeName = (id: string) => {
    const found = Array.isArray(codes) ? codes.find(({ code_id }) => code_id === id) : null;
    return found ? words(found.name) : id;
  };
  return (
    <ul className={classes.contacts}>
      {contacts.map((past) => (
        <li key={past.at}>
          <time dateTime={past.at}>{at.format(Date.parse(past.at))}</time>{" "}
          {[
            t(`desktop.outcome.${past.outcome}`),
            past.queue,
            past.agent_id,
            ...(past.codes ?? []).map(codeName),
          ]
            .filter(Boolean)
            .join(" · ")}
        </li>
      ))}
    </ul>
  );
}

function countryIn(lang: Language, code: string): string {
  try {
    return new Intl.DisplayNames(lang, { type: "region" }).of(code) ?? code;
  } catch {
    return code; // no code of a country
  }
}
