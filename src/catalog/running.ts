import type { Locks } from '../base/lock.ts';
import type { HeldLock } from '../base/lock-file.ts';
import { type ProcessIdentity, UNKNOWN } from '../base/process-identity.ts';
import type { SetId } from '../model.ts';
import { parseSetId } from './names.ts';

/** The runs that are going on, or may be: whoever holds a lock and is not known to be gone. */
export async function runningRuns(locks: Locks): Promise<ReadonlySet<SetId>> {
  return runsOf(await locks.held(), ({ liveness }) => liveness !== 'gone');
}

/** A run whose lock cannot be judged from here and is older than this has as a rule ended without giving it back. */
const LONG_MS = 2 * 3_600_000;

/**
 * Of these, the ones about which a person has to say whether they are over: they went down with this very machine, or have
 * held a lock for hours where it cannot be seen from here.
 */
export function runsInDoubt(held: readonly HeldLock[], self: Self, now: Date): ReadonlySet<SetId> {
  return runsOf(held, ({ liveness, owner }) => {
    if (liveness !== 'elsewhere') return false;
    const isOld = now.getTime() - Date.parse(owner.since) > LONG_MS;
    const isHere = owner.machine === self.machine && owner.host === self.host;
    return isOld || (isHere && owner.boot !== self.boot && ![owner.boot, self.boot].includes(UNKNOWN));
  });
}

/** As much of this process as tells its machine from its clones. */
export type Self = Pick<ProcessIdentity, 'machine' | 'boot'> & { readonly host: string };

function runsOf(
  held: readonly HeldLock[],
  isMeant: (lock: Extract<HeldLock, { kind: 'held' }>) => boolean,
): ReadonlySet<SetId> {
  const names = held.flatMap((lock) => (lock.kind === 'held' && isMeant(lock) ? [parseSetId(lock.owner.run)] : []));
  return new Set(names.flatMap((name) => name?.id ?? []));
}
