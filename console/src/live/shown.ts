/** What a page draws from, and who is told when it changes. */
export class ShownTo<T extends object> {
  #shown: T;
  #listeners = new Set<() => void>();

  constructor(first: T) {
    this.#shown = first;
  }

  shown = (): T => this.#shown;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  protected show(part: Partial<T>): void {
    this.#shown = { ...this.#shown, ...part };
    for (const listener of this.#listeners) listener();
  }
}

/** Return how long to pause after so many failures, ms; `jitter`, from 0 to 1, spreads many pages. */
export function pauseAfter(failures: number, pauses: readonly number[], jitter: number): number {
  const pause = pauses[Math.min(failures, pauses.length - 1)] as number;
  return pause * (1 + 0.3 * jitter);
}
