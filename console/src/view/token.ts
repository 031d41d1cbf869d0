const KEY = "polycentre.token";

/**
 * Return the token of this tab, or null.
 *
 * One that came in the fragment (`#token=`) is moved to the tab's storage and leaves the address
 * bar, so that a copied link or the history never carries it.
 */
export function takeToken(): string | null {
  const token = tokenIn(location.hash);
  if (token) {
    keepToken(token);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  return sessionStorage.getItem(KEY);
}

/** Keep a token that somebody pasted, for this tab only. */
export function keepToken(token: string): void {
  sessionStorage.setItem(KEY, token);
}

/** Return the token that a fragment carries, or null. */
export function tokenIn(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("token") || null;
}

/** Return the token in what somebody pasted: the token itself, or a link that carries it. */
export function pastedToken(text: string): string {
  const at = text.indexOf("#");
  return (at >= 0 && tokenIn(text.slice(at))) || text.replace(/\s+/g, "");
}
