import { Button, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import sheet from "../board/Shortcuts.module.css";
import { useDesk } from "./DeskContext";
import type { Contact } from "./desk";
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
  const { ask } = useDesk();
  const [to, setTo] = useState<"queue" | "agent" | "skill">("queue");
  const [whom, setWhom] = useState("");
  const [note, setNote] = useState("");
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const name = whom.trim();
    if (!name) return setError(t("desktop.send.missing"));
    const where = { queue: { queue: name }, agent: { agent_id: name }, skill: { skill: name } }[to];
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
              onChange={() => setTo(kind)}
              data-testid={`send-to-${kind}`}
            />
            {t(`desktop.send.${kind}`)}
          </label>
        ))}
      </fieldset>
      <TextInput
        label={t(`desktop.send.${to}Id`)}
        value={whom}
        onChange={(event) => setWhom(event.currentTarget.value)}
        error={error}
        pattern="[A-Za-z0-9][A-Za-z0-9._:~\-]*"
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        data-testid="send-whom"
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
