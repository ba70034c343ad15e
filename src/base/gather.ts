import type { Fault } from './fault.ts';
import { asFault } from './fault.ts';

export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: Fault };

/** Runs all, at most `parallel` at once, waits for all, never rejects. The answers are in the order of the items. */
export async function gather<I, T>(
  items: readonly I[],
  work: (item: I) => Promise<T>,
  parallel = Number.POSITIVE_INFINITY,
): Promise<readonly Outcome<T>[]> {
  const outcomes: Outcome<T>[] = new Array(items.length);
  const queue = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) outcomes[index] = await settle(() => work(item));
  };
  await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, lane));
  return outcomes;
}

/** One piece of work as a value. */
export async function settle<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    return { ok: false, fault: asFault(thrown) };
  }
}
