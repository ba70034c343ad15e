/**
 * The one clock of a run. Everything that measures or waits takes it, so that a whole run can be played on a
 * hand-driven clock. `now` is monotonic and in milliseconds; only differences of it mean anything.
 */
export interface Clock {
  now(): number;
  /** Wall time, for names and papers only: never for order. */
  date(): Date;
  /** Calls `run` once, no sooner than `ms` from now. The answer cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** The longest delay a Node timer takes; a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => new Date(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(0, ms), LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  },
};

/** Resolves after `ms`, or as soon as `signal` aborts; it never rejects, so that a cancelled wait is no error. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const done = (): void => {
      cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
