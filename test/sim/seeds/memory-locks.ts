import { type Clock, sleep } from '../../../src/base/clock.ts';
import { Fault } from '../../../src/base/fault.ts';
import type { LockName, Locks } from '../../../src/base/lock.ts';
import type { HeldLock } from '../../../src/base/lock-file.ts';

/** The locks of one state folder, over processes that live and die in the simulation. */
export interface LockFolder {
  /** As one process sees and takes them. */
  of(process: LockProcess): Locks;
}

export interface LockProcess {
  readonly pid: number;
  alive(): boolean;
  /** Another boot of the machine: nothing can be said of who took a lock before it. */
  readonly boot: number;
}

interface Taken {
  readonly process: LockProcess;
  readonly name: LockName;
  readonly run: string;
  readonly nonce: string;
}

const AGAIN_MS = 250;

/** The rules of `base/lock.ts`: all or none, waits, heals what a dead process of this boot held, and nothing else. */
export function lockFolder(clock: Clock): LockFolder {
  const taken = new Map<string, Taken>();
  let serial = 0;

  return {
    of(self) {
      const seen = (lock: Taken): HeldLock & { kind: 'held' } => ({
        kind: 'held',
        liveness: lock.process.boot !== self.boot ? 'elsewhere' : lock.process.alive() ? 'alive' : 'gone',
        owner: {
          ...{ machine: 'm', boot: String(lock.process.boot), namespace: 'n', startedAt: '1', user: 'ops', host: 'm' },
          ...{ pid: lock.process.pid, key: lock.name.key, shown: lock.name.shown, run: lock.run, nonce: lock.nonce },
          since: clock.date().toISOString(),
        },
      });
      const inTheWay = (names: readonly LockName[]): Taken | undefined =>
        names.flatMap(({ key }) => taken.get(key) ?? []).find((lock) => seen(lock).liveness !== 'gone');

      return {
        async take(names, run, wait) {
          for (let by = inTheWay(names); by !== undefined; by = inTheWay(names)) {
            if (wait.remainingMs() <= 0) throw lockedBy(by, wait.signal.reason);
            await sleep(clock, Math.min(AGAIN_MS, wait.remainingMs()), wait.signal);
          }
          const own = names.map((name): Taken => ({ process: self, name, run, nonce: String(serial++) }));
          for (const lock of own) taken.set(lock.name.key, lock);
          return {
            async release() {
              for (const lock of own) if (taken.get(lock.name.key) === lock) taken.delete(lock.name.key);
            },
          };
        },
        held: async () => [...taken.values()].map(seen),
        async break(lock) {
          if (lock.kind !== 'held' || taken.get(lock.owner.key)?.nonce !== lock.owner.nonce) return false;
          return taken.delete(lock.owner.key);
        },
      };
    },
  };
}

function lockedBy({ name, run }: Taken, reason: unknown): Fault {
  if (reason instanceof Fault && reason.code !== 'deadline') return reason;
  return new Fault({ code: 'locked', message: `${name.shown} is locked by run ${run}`, exit: 10 });
}
