import type { Clock } from './clock.ts';
import type { Deadline } from './deadline.ts';

/** An answer that has not come yet. */
export interface Wait {
  /** 'array ceph', 'guest mail01', 'vSphere' */
  readonly for: string;
  readonly forMs: number;
}

/** What a process waits for, so that nobody has to guess it. */
export interface Waits {
  /** @param limit when `work` will have ended at the latest */
  during<T>(what: string, limit: Deadline, work: () => Promise<T>): Promise<T>;
  /** Those that last longest first, each with what is left of its time. */
  now(): readonly (Wait & { readonly leftMs: number })[];
  /** Who is told of a wait that lasts; until then nobody. `over`: the wait has ended, after it was told of. */
  tell: (wait: Wait & { readonly over: boolean }) => void;
}

/** A wait that is shorter than this is told to nobody. */
const FIRST_MS = 5_000;
const LATER_MS = 30_000;

export function waitsOn(clock: Clock): Waits {
  const all = new Set<{ readonly what: string; readonly sinceMs: number; readonly limit: Deadline }>();
  const forMs = ({ sinceMs }: { readonly sinceMs: number }): number => clock.now() - sinceMs;

  const waits: Waits = {
    async during(what, limit, work) {
      const wait = { what, sinceMs: clock.now(), limit };
      // Of several questions to one place the first speaks for all.
      const isFirst = (): boolean => [...all].find((one) => one.what === what) === wait;
      let told = false;
      let stop = clock.after(FIRST_MS, tick);
      function tick(): void {
        stop = clock.after(forMs(wait) < LATER_MS ? forMs(wait) : LATER_MS, tick);
        if (!isFirst()) return;
        told = true;
        waits.tell({ for: what, forMs: forMs(wait), over: false });
      }
      all.add(wait);
      try {
        return await work();
      } finally {
        all.delete(wait);
        stop();
        if (told) waits.tell({ for: what, forMs: forMs(wait), over: true });
      }
    },
    now: () => [...all].map((wait) => ({ for: wait.what, forMs: forMs(wait), leftMs: wait.limit.remainingMs() })),
    tell: () => {},
  };
  return waits;
}
