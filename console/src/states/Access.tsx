import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { View } from "../view/address";
import { pastedToken } from "../view/token";
import { Notice } from "./Notice";

interface AccessProps {
  reason: "none" | "expired" | "noRight";
  view: View;
  onView: (change: Partial<View>) => void;
  onToken: (token: string) => void;
}

/** Says why there is no right to the board, and takes a token. */
export function Access({ reason, view, onView, onToken }: AccessProps) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    document.title = t("page.plainTitle");
  }, [t]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const token = pastedToken(text);
    if (token) onToken(token);
    else setError(t("access.empty"));
  };
  return (
    <Notice
      name={`access-${reason}`}
      title={t(`access.${reason}`)}
      text={t(`access.${reason}Text`)}
      view={view}
      onView={onView}
    >
      <form onSubmit={submit}>
        <TextInput
          label={t("access.field")}
          labelProps={{ mb: "0.375rem" }}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={error}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          data-testid="token"
        />
        <Button type="submit" mt="md" data-testid="use-token">
          {t("access.show")}
        </Button>
      </form>
    </Notice>
  );
}
