import type { Clock } from '../../src/base/clock.ts';

/** Time that stands until it is driven. Timers due at the same instant run in the order in which they were set. */
export interface HandClock extends Clock {
  /** Lets time pass until `work` has settled; fails if nothing is left that could settle it. */
  drive<T>(work: Promise<T>): Promise<T>;
  /** Lets so much time pass, and everything happen that is due in it. */
  pass(ms: number): Promise<void>;
  /** Somebody sets the calendar; what is waited for is not touched. */
  setDate(byMs: number): void;
}

const EPOCH = Date.UTC(2026, 0, 1);

export function handClock(): HandClock {
  let nowMs = 0;
  let epochMs = EPOCH;
  let serial = 0;
  const timers: { readonly dueMs: number; readonly order: number; readonly run: () => void }[] = [];

  function next(): (typeof timers)[number] | undefined {
    return timers.reduce<(typeof timers)[number] | undefined>((first, timer) => {
      if (first === undefined || timer.dueMs < first.dueMs) return timer;
      return timer.dueMs === first.dueMs && timer.order < first.order ? timer : first;
    }, undefined);
  }

  function step(timer: (typeof timers)[number]): void {
    timers.splice(timers.indexOf(timer), 1);
    nowMs = Math.max(nowMs, timer.dueMs);
    timer.run();
  }

  return {
    now: () => nowMs,
    date: () => new Date(epochMs + nowMs),
    after(ms, run) {
      const timer = { dueMs: nowMs + Math.max(0, ms), order: serial++, run };
      timers.push(timer);
      return () => {
        const index = timers.indexOf(timer);
        if (index >= 0) timers.splice(index, 1);
      };
    },
    async drive(work) {
      let settled = false;
      const seen = work.finally(() => {
        settled = true;
      });
      seen.catch(() => {});
      for (;;) {
        await allMicrotasks();
        if (settled) return seen;
        const timer = next();
        if (timer === undefined) throw new Error(`nothing is left to happen at ${nowMs} ms, and the work is not done`);
        step(timer);
      }
    },
    async pass(ms) {
      const untilMs = nowMs + ms;
      for (;;) {
        await allMicrotasks();
        const timer = next();
        if (timer === undefined || timer.dueMs > untilMs) break;
        step(timer);
      }
      nowMs = untilMs;
    },
    setDate(byMs) {
      epochMs += byMs;
    },
  };
}

function allMicrotasks(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
