import type { Deadline } from '../../base/deadline.ts';
import { ownerOf } from '../../catalog/leftovers.ts';
import { listRebuilt, REBUILT_LOCK, type RebuiltEntry } from '../../catalog/rebuilt.ts';
import { listRuns, listSets } from '../../catalog/store.ts';
import { remainsText } from '../snapshot/report.ts';
import { removeSet } from '../undo/take-back.ts';
import type { Shown } from './look.ts';
import type { MendParts, Page } from './parts.ts';

/** Brings begun removals of adopted sets to their end. What was only rebuilt is nobody's to take. */
export async function mendRebuilt(
  parts: MendParts,
  doing: 'look' | 'mend',
  page: Page,
  limit: Deadline,
): Promise<void> {
  if (!(await listRebuilt(parts.state)).some(({ state }) => state === 'removing')) return;
  const wait = limit.within(parts.waitMs, 'waiting for the lock of rebuilt sets');
  const locks = doing === 'mend' ? await parts.locks.take([REBUILT_LOCK], 'mend', wait) : undefined;
  wait.done();
  try {
    for (const entry of await listRebuilt(parts.state)) {
      if (entry.state !== 'removing') continue;
      const owner = ownerOf(entry.id, await listSets(parts.state), await listRuns(parts.state));
      if (owner !== undefined) {
        page.left.push(`rebuilt set ${entry.id}: its removal was begun, and its label is that of ${owner}`);
        continue;
      }
      const because = entry.removal?.because ?? 'its removal was begun';
      page.mended.push({ id: entry.id, kind: 'remove', text: `its removal is brought to its end (${because})` });
      if (doing === 'look') continue;
      const remains = await removeSet(parts, parts.state, parts.drivers, entry.set, because, limit);
      limit.signal.throwIfAborted();
      page.left.push(...remains.map((one) => `rebuilt set ${entry.id}: ${remainsText(one)}`));
    }
  } finally {
    await locks?.release();
  }
}

/** Under the label of a set that was adopted, and not what was adopted: named, and left alone. */
export function besideAdopted({ snapshots }: Shown, rebuilt: readonly RebuiltEntry[]): readonly string[] {
  return rebuilt.flatMap((entry) => {
    if (entry.state === 'unreadable' || entry.state === 'rebuilt') return [];
    const { id: label, set, state } = entry;
    return snapshots
      .filter((one) => one.label === label)
      .filter(
        (one) => state === 'removed' || !set.snapshots.some(({ array, id }) => array === one.array && id === one.id),
      )
      .map(
        ({ array, name }) => `array ${array}: snapshot ${name} carries the adopted label ${label}, and was not adopted`,
      );
  });
}
