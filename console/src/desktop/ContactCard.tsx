import { useTranslation } from "react-i18next";
import { Act } from "./Act";
import { ofContact } from "./actions";
import { CardFacts } from "./CardFacts";
import classes from "./ContactCard.module.css";
import { useTime, useWords } from "./DeskContext";
import type { Contact } from "./desk";
import { Ring } from "./Ring";
import { WrapUpForm } from "./WrapUpForm";

interface ContactCardProps {
  contact: Contact;
  /** Whether what is to do next is about this one. */
  first: boolean;
}

/** One call in hand: what is known of it, and what can be done. */
export function ContactCard({ contact, first }: ContactCardProps) {
  const { t } = useTranslation();
  const words = useWords();
  const { card, kind } = contact;
  const client = card?.client_name || card?.client || t("desktop.unknownClient");
  const queue = card?.queue ?? "";
  const [next] = ofContact(contact);
  return (
    <article
      className={classes.card}
      data-kind={kind}
      data-testid={`contact-${kind}`}
      data-reservation={contact.id}
      aria-label={`${t("desktop.contacts")}: ${client}`}
    >
      {kind === "offer" ? (
        <p className="unseen" role="alert" data-testid="announced">
          {t("desktop.announce", { client, queue })}
        </p>
      ) : null}
      <header className={classes.head}>
        <Moment contact={contact} />
        <h2 className={classes.client} data-testid="client">
          {client}
        </h2>
      </header>
      {card?.greeting && kind !== "wrap_up" ? (
        <p className={classes.greeting} data-testid="greeting">
          <span className="unseen">{t("desktop.card.greeting")} </span>
          {words(card.greeting)}
        </p>
      ) : null}
      {card?.screen_pop ? (
        <a
          className={classes.page}
          href={card.screen_pop.url}
          target="_blank"
          rel="noopener noreferrer"
          data-testid="screen-pop"
        >
          {words(card.screen_pop.name)}
        </a>
      ) : null}
      <CardFacts contact={contact} />
      {kind === "wrap_up" ? (
        <WrapUpForm work={contact.work} first={first} />
      ) : (
        <div className={classes.actions}>
          {ofContact(contact).map((action) => (
            <Act key={action} action={action} about={contact} next={first && action === next} />
          ))}
        </div>
      )}
    </article>
  );
}

/** Where the call stands, with its time. */
function Moment({ contact }: { contact: Contact }) {
  if (contact.kind === "offer") return <Ring offer={contact} />;
  if (contact.kind === "wrap_up") return <WrapUpStanding contact={contact} />;
  return <TalkStanding contact={contact} />;
}

function WrapUpStanding({ contact }: { contact: Extract<Contact, { kind: "wrap_up" }> }) {
  const { t } = useTranslation();
  const { since, until } = useTime();
  const { ends_at, since: began } = contact.work;
  const time = ends_at ? t("desktop.wrapUp.ends", { time: until(ends_at) }) : since(began);
  return <Standing word={t("desktop.kind.wrap_up")} time={time} />;
}

function TalkStanding({ contact }: { contact: Extract<Contact, { kind: "talk" }> }) {
  const { t } = useTranslation();
  const { since } = useTime();
  const { slot, connected } = contact;
  const { agent_id, skill_id, queue_id } = slot.consult ?? {};
  const whom = agent_id ?? skill_id ?? queue_id ?? "";
  const held = slot.state === "hold" ? "hold" : "talking";
  const consulted = slot.consult?.connected ? "consulting" : "calling";
  const kind = slot.consult ? consulted : connected ? held : "joining";
  return (
    <Standing
      word={t(`desktop.kind.${kind}`, { whom })}
      time={slot.since ? since(slot.since) : ""}
    />
  );
}

function Standing({ word, time }: { word: string; time: string }) {
  return (
    <p className={classes.standing} data-testid="standing">
      <strong>{word}</strong>
      <span>{time}</span>
    </p>
  );
}
