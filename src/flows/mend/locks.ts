import type { Deadline } from '../../base/deadline.ts';
import { lockedBy, type TakenLocks } from '../../base/lock.ts';
import type { HeldLock } from '../../base/lock-file.ts';
import type { MendParts } from './parts.ts';

const GROUP_LOCK = 'group:';

/** By group, the lock of somebody else who is at work on it, or may be. */
export async function lockedGroups({ locks }: Pick<MendParts, 'locks'>): Promise<ReadonlyMap<string, HeldLock>> {
  const held = (await locks.held()).flatMap((lock) => (lock.kind === 'held' && lock.liveness !== 'gone' ? [lock] : []));
  return new Map(
    held.flatMap((lock) => {
      const { key } = lock.owner;
      return key.startsWith(GROUP_LOCK) ? [[key.slice(GROUP_LOCK.length), lock] as const] : [];
    }),
  );
}

/** Nothing can be done for a group that is locked: that is said before anybody is asked. */
export async function refuseIfLocked(
  parts: MendParts,
  group: string,
  locked: ReadonlyMap<string, HeldLock>,
  doing: 'look' | 'mend',
  limit: Deadline,
): Promise<void> {
  const lock = locked.get(group);
  if (lock === undefined) return;
  if (doing === 'look' || parts.waitMs === 0) throw lockedBy(lock);
  tellLocked(parts, group, locked);
  await (await lockOf(parts, group, limit)).release();
}

export function tellLocked({ emit }: MendParts, group: string, locked: ReadonlyMap<string, HeldLock>): void {
  const lock = locked.get(group);
  if (lock === undefined) return;
  const { message } = lockedBy(lock);
  emit({ type: 'finding', finding: { code: 'locked', severity: 'warning', subject: `group ${group}`, message } });
}

export async function lockOf({ locks, waitMs }: MendParts, group: string, limit: Deadline): Promise<TakenLocks> {
  const wait = limit.within(waitMs, `waiting for the lock of group ${group}`);
  try {
    return await locks.take([{ key: `${GROUP_LOCK}${group}`, shown: `group ${group}` }], 'mend', wait);
  } finally {
    wait.done();
  }
}
