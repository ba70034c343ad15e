import type { Locks } from '../base/lock.ts';
import type { HeldLock } from '../base/lock-file.ts';
import type { ProcessIdentity } from '../base/process-identity.ts';
import type { SetId } from '../model.ts';
import { parseSetId } from './names.ts';

/** The runs that are going on, or may be: whoever holds a lock and is not known to be gone. */
export async function runningRuns(locks: Locks): Promise<ReadonlySet<SetId>> {
  return runsOf(await locks.held(), ({ liveness }) => liveness !== 'gone');
}

/** Of these, the ones that cannot be seen from here: of another machine, boot or namespace. */
export async function runsOutOfSight(locks: Locks): Promise<ReadonlySet<SetId>> {
  return runsOf(await locks.held(), ({ liveness }) => liveness === 'elsewhere');
}

/** Of these, the ones that went down with this very machine: their locks stand until somebody breaks them. */
export async function runsOfEarlierBoot(locks: Locks, self: ProcessIdentity): Promise<ReadonlySet<SetId>> {
  return runsOf(
    await locks.held(),
    ({ liveness, owner }) => liveness === 'elsewhere' && owner.machine === self.machine && owner.boot !== self.boot,
  );
}

function runsOf(
  held: readonly HeldLock[],
  isMeant: (lock: Extract<HeldLock, { kind: 'held' }>) => boolean,
): ReadonlySet<SetId> {
  const names = held.flatMap((lock) => (lock.kind === 'held' && isMeant(lock) ? [parseSetId(lock.owner.run)] : []));
  return new Set(names.flatMap((name) => name?.id ?? []));
}
