import { Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Act } from "./Act";
import { treeOf } from "./codes";
import { useDesk, useWords } from "./DeskContext";
import type { WrapUp } from "./protocol";
import classes from "./WrapUpForm.module.css";

interface WrapUpFormProps {
  work: WrapUp;
  first: boolean;
}

/** What the call was about, notes, and that the work after it is done. */
export function WrapUpForm({ work, first }: WrapUpFormProps) {
  const { t } = useTranslation();
  const { ask, contacts } = useDesk();
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [notes, setNotes] = useState("");
  const contact = contacts.find(({ id }) => id === work.reservation_id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const said = { codes: [...chosen], notes: notes.trim() || null };
    ask({ command: "wrap_up", reservation_id: work.reservation_id, ...said });
  };
  return (
    <form id={`wrap_up-${work.reservation_id}`} className={classes.form} onSubmit={submit}>
      <Codes work={work} chosen={chosen} onChosen={setChosen} />
      <Textarea
        label={t("desktop.wrapUp.notes")}
        value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)}
        maxLength={4000}
        rows={2}
        data-testid="notes"
      />
      <div className={classes.actions}>
        {contact ? <Act action="wrap_up" about={contact} next={first} submits /> : null}
        {contact && work.extensions_left > 0 ? (
          <Act action="extend_wrap_up" about={contact} />
        ) : null}
      </div>
    </form>
  );
}

interface CodesProps {
  work: WrapUp;
  chosen: readonly string[];
  onChosen: (codes: readonly string[]) => void;
}

function Codes({ work, chosen, onChosen }: CodesProps) {
  const { t } = useTranslation();
  const { codes, lang } = useDesk();
  const words = useWords();
  if (codes === "failed") return <p className={classes.gone}>{t("desktop.wrapUp.codesGone")}</p>;
  const tree = treeOf(codes ?? [], work.codes_from, lang);
  if (!tree.length) return null;
  const toggle = (id: string) =>
    onChosen(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id]);
  return (
    <fieldset className={classes.codes} data-testid="codes">
      <legend>
        {t("desktop.wrapUp.codes")}
        {work.codes_required ? <em>{t("desktop.wrapUp.required")}</em> : null}
      </legend>
      {tree.map(({ code, depth }) => (
        <label key={code.code_id} style={{ marginLeft: `${depth * 1.25}rem` }}>
          <input
            type="checkbox"
            checked={chosen.includes(code.code_id)}
            onChange={() => toggle(code.code_id)}
            data-testid={`code-${code.code_id}`}
          />
          {words(code.name)}
        </label>
      ))}
    </fieldset>
  );
}
