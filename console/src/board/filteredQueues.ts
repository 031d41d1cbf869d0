import type { QueueFigures } from "../live/types";

/**
 * Return the queues that every word of `filter` is found in, in a lasting order.
 *
 * Client, then identity: an order by what is moving would make the rows jump.
 */
export function filteredQueues(queues: readonly QueueFigures[], filter: string): QueueFigures[] {
  const words = filter.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  return queues
    .filter((queue) => words.every((word) => searched(queue).includes(word)))
    .toSorted(
      (a, b) =>
        (a.client ?? "").localeCompare(b.client ?? "") || a.queue_id.localeCompare(b.queue_id),
    );
}

function searched({ queue_id, name, client }: QueueFigures): string {
  return [queue_id, name.ru, name.en, client].join(" ").toLocaleLowerCase();
}
