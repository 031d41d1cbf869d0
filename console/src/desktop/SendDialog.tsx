import { Autocomplete, Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import sheet from "../board/Shortcuts.module.css";
import { useDesk } from "./DeskContext";
import type { Contact } from "./desk";
import {
  type Destination,
  destinations,
  type Kind,
  labelOf,
  matching,
  meant,
} from "./destinations";
import { useDirectory } from "./http";
import classes from "./SendDialog.module.css";

/** A transfer or a consultation that the agent is about to ask for. */
export interface Sending {
  action: "transfer" | "consult";
  about: Contact | null;
}

interface SendDialogProps {
  sending: Sending | null;
  onClose: () => void;
}

/** Asks to whom a call goes, or who is consulted. */
export function SendDialog({ sending, onClose }: SendDialogProps) {
  const { t } = useTranslation();
  const { contacts } = useDesk();
  const about = contacts.find(({ id }) => id === sending?.about?.id);
  return (
    <Modal
      opened={sending !== null && about?.kind === "talk"}
      onClose={onClose}
      title={sending ? t(`desktop.send.${sending.action}`) : ""}
      closeButtonProps={{ "aria-label": t("desktop.send.close") }}
      transitionProps={{ duration: 0 }}
      size="24rem"
      classNames={{ content: sheet.sheet, header: sheet.head, title: sheet.title }}
    >
      {sending && about ? <SendForm sending={sending} id={about.id} onClose={onClose} /> : null}
    </Modal>
  );
}

interface SendFormProps {
  sending: Sending;
  id: string;
  onClose: () => void;
}

function SendForm({ sending, id, onClose }: SendFormProps) {
  const { t } = useTranslation();
  const { ask, desk, lang, token } = useDesk();
  const directory = useDirectory(token);
  const [to, setTo] = useState<Kind>("queue");
  const [typed, setTyped] = useState("");
  const [note, setNote] = useState("");
  const [error, setError] = useState<string | null>(null);
  const known = directory !== null && directory !== "failed";
  const all = known ? destinations(directory, to, lang, desk.agent.agent_id) : [];
  const choose = (kind: Kind) => {
    setTo(kind);
    setTyped("");
    setError(null);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    // Who cannot read the list may still know an id.
    const whom = known ? meant(all, typed)?.id : typed.trim();
    if (!whom) return setError(t("desktop.send.missing"));
    const where = { queue: { queue: whom }, agent: { agent_id: whom }, skill: { skill: whom } }[to];
    const said = { reservation_id: id, note: note.trim() || null, ...where };
    ask({ command: sending.action, ...said });
    onClose();
  };
  return (
    <form className={classes.form} onSubmit={submit} data-testid="send">
      <fieldset className={classes.to}>
        <legend>{t("desktop.send.to")}</legend>
        {(["queue", "agent", "skill"] as const).map((kind) => (
          <label key={kind}>
            <input
              type="radio"
              name="to"
              checked={to === kind}
              onChange={() => choose(kind)}
              data-testid={`send-to-${kind}`}
            />
            {t(`desktop.send.${kind}`)}
          </label>
        ))}
      </fieldset>
      <Whom
        label={t(`desktop.send.${to}Id`)}
        note={directory === "failed" ? t("desktop.send.gone") : t("desktop.send.typing")}
        all={all}
        typed={typed}
        onTyped={setTyped}
        error={error}
      />
      <TextInput
        label={t("desktop.send.note")}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
        maxLength={500}
        autoComplete="off"
        data-testid="send-note"
      />
      <Button type="submit" data-testid="send-now">
        {t(`desktop.action.${sending.action}`)}
      </Button>
    </form>
  );
}

interface WhomProps {
  label: string;
  note: string;
  all: readonly Destination[];
  typed: string;
  onTyped: (typed: string) => void;
  error: string | null;
}

/** A field that lists whom a call can be sent to, those that hold what was typed. */
function Whom({ label, note, all, typed, onTyped, error }: WhomProps) {
  const { t } = useTranslation();
  const byLabel = new Map(all.map((each) => [labelOf(each), each]));
  return (
    <Autocomplete
      label={label}
      description={note}
      data={[...byLabel.keys()]}
      value={typed}
      onChange={onTyped}
      filter={({ search, limit }) =>
        matching(all, byLabel.has(search) ? "" : search)
          .slice(0, limit)
          .map(labelOf)
          .map((shown) => ({ value: shown, label: shown }))
      }
      renderOption={({ option }) => {
        const { name, id, status } = byLabel.get(option.value) ?? { name: option.value, id: "" };
        return (
          <span className={classes.option} data-testid={`whom-${id}`}>
            <span>{name}</span>
            <small>{status ? `${id} · ${t(`desktop.status.${status}`)}` : id}</small>
          </span>
        );
      }}
      comboboxProps={{ transitionProps: { duration: 0 } }}
      classNames={{ dropdown: classes.list, option: classes.choice }}
      maxDropdownHeight={240}
      limit={50}
      selectFirstOptionOnChange
      error={error}
      autoComplete="off"
      spellCheck={false}
      data-autofocus
      data-testid="send-whom"
    />
  );
}
