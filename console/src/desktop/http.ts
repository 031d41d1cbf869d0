import { useEffect, useState } from "react";
import type { Http } from "./generated/http";

type Item<Path extends "/v1/not-ready-reasons" | "/v1/wrap-up-codes"> = Http[Path]["items"][number];

/** A reason for being not ready. */
export type Reason = Pick<
  Item<"/v1/not-ready-reasons">,
  "reason_id" | "name" | "system" | "is_break"
>;

/** A wrap-up code. */
export type Code = Pick<Item<"/v1/wrap-up-codes">, "code_id" | "name" | "parent_id">;

/** Who is on the line. */
export type Caller = Http["/v1/calls/{call_id}/caller"];

/** Whom a call can be sent to. */
export type Directory = Http["/v1/directory"];

/** What was fetched: null until it came, "failed" where it could not be read. */
export type Fetched<T> = T | null | "failed";

/** Return whatever the address says to the token's owner, or throw. */
async function read<T>(address: string, token: string): Promise<T> {
  const response = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return (await response.json()) as T;
}

/** Return what a list of the service holds, page by page. */
async function readAll<T>(address: string, token: string): Promise<T[]> {
  const items: T[] = [];
  let after: string | null = null;
  do {
    const query: string = after ? `?after=${encodeURIComponent(after)}` : "";
    const page = await read<{ items: T[]; next: string | null }>(`${address}${query}`, token);
    items.push(...page.items);
    after = page.next;
  } while (after);
  return items;
}

/** Return the list at the address, read once each time that `live` becomes true. */
export function useList<T>(address: string, token: string, live: boolean): Fetched<T[]> {
  return useFetched(live ? address : null, () => readAll<T>(address, token));
}

/** Return whom a call can be sent to, as it is now. */
export function useDirectory(token: string): Fetched<Directory> {
  const address = "/v1/directory";
  return useFetched(address, () => read<Directory>(address, token));
}

/** Return who is on the line of this call; null: nobody is, or not to this agent. */
export function useCaller(callId: string | null, token: string): Fetched<Caller> {
  return useFetched(callId, async () => {
    const { ivr } = await read<{ ivr: string }>("addresses.json", token);
    const address = `${ivr}/v1/calls/${callId}/caller`;
    const response = await fetch(address, { headers: { Authorization: `Bearer ${token}` } });
    if (response.status === 404) return null; // a consultation, or joined no longer
    if (!response.ok) throw new Error(`${address}: ${response.status}`);
    return (await response.json()) as Caller;
  });
}

/** Return what `fetched` brings, asked anew for each `key`; a null key asks nothing. */
function useFetched<T>(key: string | null, fetched: () => Promise<T | null>): Fetched<T> {
  const [found, setFound] = useState<{ key: string; value: Fetched<T> } | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what is fetched
  useEffect(() => {
    let over = false;
    const take = (value: Fetched<T>) => {
      if (!over && key !== null) setFound({ key, value });
    };
    if (key !== null) {
      fetched().then(take, () => take("failed"));
    }
    return () => {
      over = true;
    };
  }, [key]);
  return found && (key === null || found.key === key) ? found.value : null;
}
