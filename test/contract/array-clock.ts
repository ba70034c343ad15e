import type { Clock } from '../../src/base/clock.ts';

/** Real time that can also be made to pass: what is real goes on at its own pace, and half a minute costs nothing. */
export interface JumpingClock extends Clock {
  /** So much later at once: everything that was due until then happens now. */
  jump(ms: number): void;
}

export function jumpingClock(): JumpingClock {
  const pending = new Set<{ readonly dueMs: number; readonly run: () => void; timer: NodeJS.Timeout }>();
  let aheadMs = 0;
  const now = (): number => performance.now() + aheadMs;

  return {
    now,
    date: () => new Date(Date.now() + aheadMs),
    after(ms, run) {
      const entry = { dueMs: now() + ms, run: once, timer: setTimeout(once, ms) };
      function once(): void {
        clearTimeout(entry.timer);
        if (pending.delete(entry)) run();
      }
      pending.add(entry);
      return () => {
        clearTimeout(entry.timer);
        pending.delete(entry);
      };
    },
    jump(ms) {
      aheadMs += ms;
      const due = [...pending].filter((entry) => entry.dueMs <= now()).sort((a, b) => a.dueMs - b.dueMs);
      for (const entry of due) entry.run();
      for (const entry of pending) {
        clearTimeout(entry.timer);
        entry.timer = setTimeout(entry.run, Math.max(0, entry.dueMs - now()));
      }
    },
  };
}
