import { Button, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { pastedToken } from "../view/token";

interface TokenFormProps {
  texts: { field: string; show: string; empty: string };
  onToken: (token: string) => void;
}

/** Takes a token, or a link that carries it. */
export function TokenForm({ texts, onToken }: TokenFormProps) {
  const [text, setText] = useState("");
  const [error, setError] = useState<string | null>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const token = pastedToken(text);
    if (token) onToken(token);
    else setError(texts.empty);
  };
  return (
    <form onSubmit={submit}>
      <TextInput
        label={texts.field}
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
        {texts.show}
      </Button>
    </form>
  );
}
