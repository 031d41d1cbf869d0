import { anchored, type BusinessAnchor } from "./businessTime";
import type { AwayFlow, Change, Message, Snapshot } from "./types";

/** The board as of the last message. */
export interface Board {
  live: Snapshot;
  /** Of the last message: who comes back with it is told what was missed. */
  id: string;
  /** Machine time of the last message, milliseconds. */
  receivedAt: number;
  anchor: BusinessAnchor;
}

/** Return the board after `message`; a change that comes before any snapshot changes nothing. */
export function apply(board: Board | null, message: Message): Board | null {
  if (message.kind === "change" && board === null) return null;
  const live =
    message.kind === "snapshot" ? message.data : changed((board as Board).live, message.data);
  return {
    live,
    id: message.id,
    receivedAt: message.receivedAt,
    anchor: anchored(board?.anchor ?? null, {
      businessAt: Date.parse(live.at),
      machineAt: message.receivedAt,
      scale: live.scale,
    }),
  };
}

function changed(live: Snapshot, change: Change): Snapshot {
  return {
    ...live,
    ...change,
    sites: upserted(live.sites, change.sites, (site) => site.site_id),
    queues: upserted(live.queues, change.queues, (queue) => queue.queue_id),
    away: upserted(live.away, change.away, flowKey),
    position: { ...live.position, ...change.position },
  };
}

/** Return the key of a flow between two sites. */
export function flowKey(flow: Pick<AwayFlow, "from" | "to">): string {
  return `${flow.from} ${flow.to}`;
}

/** Return `entries` with those of `changes` in their old places, new ones last. */
function upserted<T>(
  entries: readonly T[],
  changes: readonly T[] | undefined,
  keyOf: (entry: T) => string,
): T[] {
  if (!changes?.length) return entries as T[];
  const byKey = new Map(entries.map((entry) => [keyOf(entry), entry]));
  for (const entry of changes) byKey.set(keyOf(entry), entry);
  return [...byKey.values()];
}
