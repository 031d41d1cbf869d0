/** Return whose desktop a token opens: its claim `agent_id`; null where it names nobody. */
export function agentIn(token: string): string | null {
  try {
    const part = (token.split(".")[1] ?? "").replace(/-/g, "+").replace(/_/g, "/");
    const bytes = Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    const found = (claims as { agent_id?: unknown } | null)?.agent_id;
    return typeof found === "string" ? found : null;
  } catch {
    return null; // not a token at all; the service will say so
  }
}
