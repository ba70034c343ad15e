import type { Locks } from '../base/lock.ts';
import type { SetId } from '../model.ts';
import { parseSetId } from './names.ts';

/** The runs that are going on, or may be: whoever holds a lock and is not known to be gone. */
export async function runningRuns(locks: Locks): Promise<ReadonlySet<SetId>> {
  const running = new Set<SetId>();
  for (const lock of await locks.held()) {
    if (lock.kind !== 'held' || lock.liveness === 'gone') continue;
    const name = parseSetId(lock.owner.run);
    if (name !== undefined) running.add(name.id);
  }
  return running;
}
