import { guestsInDoubt } from '../../catalog/in-doubt.ts';
import { leftovers } from '../../catalog/leftovers.ts';
import { openPoints, type PointLeft } from '../../catalog/points.ts';
import type { SetEntry, WholeSet } from '../../catalog/set-entry.ts';
import type { RunEntry } from '../../catalog/store.ts';
import type { ArrayId, SetId, VmName } from '../../model.ts';

/** A run that is not going on, and of which something is open. */
export interface OpenRun {
  readonly run: RunEntry;
  /** What it sealed, if it came so far; then only what it prepared can still be there. */
  readonly set?: SetEntry;
  /** Arrays that may still carry something of its label. */
  readonly arrays: readonly ArrayId[];
  /** Guests that were sent a hold, or may have been, and have not said that they let go. */
  readonly guests: readonly VmName[];
  /** VMs that may still run on a guest snapshot of it. */
  readonly points: readonly PointLeft[];
}

export interface Cases {
  readonly runs: readonly OpenRun[];
  /** Sets whose removal was begun. */
  readonly removals: readonly WholeSet[];
  /** What nothing can be done about, each in one sentence. */
  readonly beyond: readonly string[];
}

/**
 * Everything that stands open in the catalog. Pure.
 *
 * @param running runs that are going on, or may be: nothing of theirs is touched
 * @param group absent: all groups
 */
export function openCases(
  allSets: readonly SetEntry[],
  allRuns: readonly RunEntry[],
  running: ReadonlySet<SetId>,
  group: string | undefined,
): Cases {
  const isMeant = (entry: { readonly id: SetId; readonly group: string }): boolean =>
    (group === undefined || entry.group === group) && !running.has(entry.id);
  const sets = allSets.filter(isMeant);
  const runs = allRuns.filter(isMeant);
  const open = leftovers(sets, runs, running);
  const inDoubt = new Map(guestsInDoubt(allRuns).map(({ run, vms }) => [run, vms]));
  const removing = sets.filter((set): set is WholeSet => set.state === 'removing');
  return {
    runs: runs.flatMap((run) => {
      const set = sets.find(({ id }) => id === run.id);
      const left = open.filter((leftover) => leftover.run === run.id).map(({ array }) => array);
      return openRun(run, set, left, inDoubt.get(run.id) ?? []);
    }),
    removals: removing.filter(({ pinned }) => pinned === undefined),
    beyond: [
      ...runs
        .filter(({ record }) => record.intent === undefined && record.faults.length > 0)
        .map(({ id, record }) => `run ${id}: what it was about to do cannot be read (${record.faults.join('; ')})`),
      ...sets.flatMap((set) => (set.state === 'unreadable' ? [`set ${set.id}: ${set.why}`] : [])),
      ...removing
        .filter(({ pinned }) => pinned !== undefined)
        .map(({ id, pinned }) => `set ${id}: its removal was begun, and it is pinned (${pinned})`),
    ],
  };
}

function openRun(
  run: RunEntry,
  set: SetEntry | undefined,
  left: readonly ArrayId[],
  guests: readonly VmName[],
): readonly OpenRun[] {
  const { intent, entries, result } = run.record;
  if (intent === undefined || set?.state === 'unreadable') return [];
  const points = openPoints(run.record);
  if (result !== undefined) {
    const arrays = set === undefined ? left : [];
    const isOpen = arrays.length + guests.length + points.length > 0;
    return isOpen ? [{ run, guests, points, arrays, ...(set && { set }) }] : [];
  }
  const armed = intent.arrays.filter(({ array }) =>
    entries.some((one) => one.type === 'arming' && one.array === array),
  );
  const arrays = set === undefined ? left : armed.map(({ array }) => array);
  return [{ run, guests, points, arrays, ...(set && { set }) }];
}
