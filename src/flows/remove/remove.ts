import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import { canonicalJson } from '../../base/json.ts';
import type { LockName, Locks } from '../../base/lock.ts';
import { pasted } from '../../base/shell-word.ts';
import { findSet, latestGood } from '../../catalog/find-set.ts';
import { resumeJournal } from '../../catalog/journal.ts';
import { leftovers } from '../../catalog/leftovers.ts';
import { parseSetId } from '../../catalog/names.ts';
import { listRebuilt, meansRebuilt, REBUILT_LOCK, type RebuiltSet } from '../../catalog/rebuilt.ts';
import { runningRuns } from '../../catalog/running.ts';
import { pinFile, readSet, type WholeSet } from '../../catalog/set-entry.ts';
import { setLines } from '../../catalog/set-lines.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import { listRuns, listSets, pick, type RunEntry } from '../../catalog/store.ts';
import type { ArrayId, CutLabel, SetId } from '../../model.ts';
import type { ArrayDriver, Emit } from '../../ports.ts';
import { lateOf } from '../undo/late.ts';
import { type Remains, removeSet, takeBack } from '../undo/take-back.ts';
import { adoptedSet } from './rebuilt.ts';

export interface RemoveParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly state: StateFolder;
  readonly locks: Locks;
  /** The last good set of its group may go. */
  readonly last: boolean;
  readonly because: string;
}

/** What is to go: a whole set, what a failed run left behind, or what was rebuilt and adopted. */
export type Doomed =
  | { readonly kind: 'rebuilt'; readonly id: CutLabel; readonly set: RebuiltSet }
  | { readonly kind: 'set'; readonly id: SetId; readonly group: string; readonly set: WholeSet }
  | { readonly kind: 'leftovers'; readonly id: SetId; readonly group: string; readonly run: RunEntry };

/** What each name means. Rejects, before anything is removed, for a name that means nothing or must not go. */
export async function chooseDoomed(parts: RemoveParts, wanted: readonly string[]): Promise<readonly Doomed[]> {
  const { state, locks, last } = parts;
  // First: a run that ends between these looks is then still one that goes on, and never a dead one without a set.
  const running = await runningRuns(locks);
  const sets = await setLines(state);
  const runs = await listRuns(state);
  const rebuilt = (await listRebuilt(state)).filter((entry) => entry.state !== 'removed');
  const sealed = new Set(sets.map(({ id }) => id));
  const open = new Set(leftovers(sets, runs, running).map(({ run }) => run));
  const pinned = (id: SetId, why: string): Fault => pinnedBy(id, why, pinFile(state, id));
  const meant = async (name: string): Promise<Doomed> => {
    // Whose a label is must stand in the papers themselves, if snapshots are to go by it.
    if (meansRebuilt(name, rebuilt, [...sets, ...runs]))
      return { kind: 'rebuilt', ...adoptedSet(pick(rebuilt, name, 'set'), await listSets(state), runs) };
    const run = runs.find((entry) => entry.id.startsWith(name) && open.has(entry.id) && !sealed.has(entry.id));
    if (run !== undefined) {
      const { id, group } = pick(runs, name, 'run');
      return { kind: 'leftovers', id, group, run };
    }
    const set = await findSet(state, name);
    if (set.state === 'unreadable') throw unreadable(set.id, set.why);
    if (set.pinned !== undefined) throw pinned(set.id, set.pinned);
    return { kind: 'set', id: set.id, group: set.group, set };
  };
  const distinct = new Map<string, Doomed>();
  for (const name of wanted) {
    const one = await meant(name);
    distinct.set(one.id, one);
  }
  for (const one of distinct.values()) {
    if (last || one.kind !== 'set' || (await latestGood(state, one.group))?.id !== one.id) continue;
    throw lastGoodSet(one.id, one.group);
  }
  return [...distinct.values()];
}

/** Removes one, under its lock. What could not be removed is answered. */
export async function remove(
  parts: RemoveParts,
  doomed: Doomed,
  drivers: ReadonlyMap<ArrayId, ArrayDriver>,
  wait: Deadline,
  limit: Deadline,
): Promise<readonly Remains[]> {
  const { id } = doomed;
  const taken = await parts.locks.take([lockOf(doomed)], id, wait);
  try {
    // While somebody answered a question, or this waited, another removal may have made it the last good one, or have
    // removed it, and another adoption may have changed what it is.
    if (doomed.kind === 'rebuilt') {
      const [now] = await chooseDoomed(parts, [id]);
      if (now?.kind !== 'rebuilt' || canonicalJson(now.set) !== canonicalJson(doomed.set))
        throw changedMeanwhile(id, 'was adopted anew meanwhile, and is no longer what was to be removed');
      return await removeSet(parts, parts.state, drivers, now.set, parts.because, limit);
    }
    if (doomed.kind === 'set') {
      await chooseDoomed(parts, [id]);
      return await removeSet(parts, parts.state, drivers, doomed.set.manifest, parts.because, limit);
    }
    return await removeLeftovers(parts, await stillLeftover(parts, doomed.id), drivers, limit);
  } finally {
    await taken.release();
  }
}

function lockOf(doomed: Doomed): LockName {
  if (doomed.kind === 'rebuilt') return REBUILT_LOCK;
  return { key: `group:${doomed.group}`, shown: `group ${doomed.group}` };
}

/** Somebody may have sealed meanwhile what that run took: then it is a set, with a set's own rules. */
async function stillLeftover({ state }: RemoveParts, id: SetId): Promise<RunEntry> {
  const name = parseSetId(id);
  const set = name === undefined ? undefined : await readSet(state, name);
  const run = (await listRuns(state)).find((entry) => entry.id === id);
  if (run === undefined || set !== undefined) {
    throw changedMeanwhile(id, 'was mended meanwhile, and is a set now, or nothing');
  }
  return run;
}

/** By the label in the run's own intent, on the arrays that it names. */
async function removeLeftovers(
  parts: RemoveParts,
  run: RunEntry,
  drivers: ReadonlyMap<ArrayId, ArrayDriver>,
  limit: Deadline,
): Promise<readonly Remains[]> {
  const { intent } = run.record;
  if (intent === undefined) return [];
  const known = intent.arrays.flatMap(({ array }) => drivers.get(array) ?? []);
  const gone = intent.arrays
    .filter(({ array }) => !drivers.has(array))
    .map(({ array }): Remains => ({ array, names: [], why: 'this array is no longer in the topology' }));
  const late = new Map(
    known.flatMap((driver) => {
      const open = lateOf(run.record, intent, driver, [], parts.clock.date());
      return open === undefined ? [] : [[driver.id, open] as const];
    }),
  );
  const journal = resumeJournal(parts.state, run.id);
  const made = { label: intent.label, units: new Map(intent.arrays.map(({ array, units }) => [array, units])) };
  return [...gone, ...(await takeBack(parts, known, made, journal, late, () => limit))];
}

function lastGoodSet(id: SetId, group: string): Fault {
  return new Fault({
    code: 'remove.last-good',
    message: `${id} is the last good set of group ${group}`,
    hint: 'Take a new one first, or say that it may go: --last',
    exit: EXIT.usage,
  });
}

function pinnedBy(id: SetId, why: string, file: string): Fault {
  return new Fault({
    code: 'remove.pinned',
    message: `${id} is pinned: ${why}`,
    hint: `If it may go all the same, take its pin away first: ${pasted(['rm', file])}`,
    exit: EXIT.usage,
  });
}

function unreadable(id: SetId, why: string): Fault {
  return new Fault({
    code: 'remove.unreadable',
    message: `${id} cannot be removed, because its manifest cannot be believed: ${why}`,
    hint: 'Its snapshots stay on the arrays. docs/operations.md tells how to find and remove them by hand.',
    exit: EXIT.usage,
  });
}

function changedMeanwhile(id: SetId | CutLabel, what: string): Fault {
  return new Fault({
    code: 'remove.changed',
    message: `${id} ${what}`,
    hint: `Look at it: stillpoint show ${id}`,
    exit: EXIT.usage,
  });
}
