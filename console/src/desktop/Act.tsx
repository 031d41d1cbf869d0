import { Button, Kbd } from "@mantine/core";
import { useTranslation } from "react-i18next";
import classes from "./Act.module.css";
import { type Action, KEYS } from "./actions";
import { isAsked, useDesk } from "./DeskContext";
import type { Contact } from "./desk";

interface ActProps {
  action: Action;
  about?: Contact;
  /** The one to do next: it is drawn in full, and focus goes there. */
  next?: boolean | undefined;
  /** It sends the form around it instead. */
  submits?: boolean;
}

/** A button for an action, with its key. */
export function Act({ action, about, next = false, submits = false }: ActProps) {
  const { t } = useTranslation();
  const { act, waiting } = useDesk();
  const asked = isAsked(waiting, action, about?.id ?? null);
  const key = KEYS[action];
  return (
    <Button
      type={submits ? "submit" : "button"}
      className={classes.act}
      variant={next ? "filled" : "default"}
      onClick={submits ? undefined : () => act({ action, about: about ?? null })}
      aria-keyshortcuts={key}
      aria-busy={asked}
      data-asked={asked}
      data-next={next || undefined}
      data-testid={`act-${action}`}
      rightSection={
        <Kbd className={classes.key} aria-hidden="true">
          {asked ? "…" : key}
        </Kbd>
      }
    >
      {t(`desktop.action.${action}`)}
    </Button>
  );
}
