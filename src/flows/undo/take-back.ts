import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { asFault } from '../../base/fault.ts';
import { gather } from '../../base/gather.ts';
import { localTime } from '../../base/local-time.ts';
import type { Journal } from '../../catalog/journal.ts';
import { beginRemoval, type Removable } from '../../catalog/removal.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import type { ArrayId, ArraySnapshot, CutLabel, CutUnit } from '../../model.ts';
import type { ArrayDriver, Emit } from '../../ports.ts';

/** What stays behind, and why. */
export interface Remains {
  readonly array: ArrayId;
  readonly names: readonly string[];
  readonly why: string;
  /** What `why` says of what may still appear is true until then. */
  readonly until?: Date;
  /** It stopped answering: what stays is what it was not asked for any more. */
  readonly silent?: true;
}

interface CleanUpParts {
  readonly clock: Clock;
  readonly emit: Emit;
}

/** What a run was to make, as far as it came to that: nothing else under its label is its own. */
export interface Made {
  readonly label: CutLabel;
  /** By array; none: nothing was sent to it. */
  readonly units: ReadonlyMap<ArrayId, readonly CutUnit[]>;
}

/** What an array may still carry out of what it was sent, and until when. */
export interface Late {
  readonly what: 'snapshot' | 'prepared';
  readonly until: Date;
}

/** Whether the snapshot is of a volume that these units cut, wanted or not. */
export function isCutBy(units: readonly CutUnit[], { source }: ArraySnapshot): boolean {
  return units.some(
    ({ volumes, alsoCaptures }) => volumes.some(({ id }) => id === source.id) || alsoCaptures.includes(source.name),
  );
}

/**
 * Takes back what a run made on these arrays: what `arm` prepared, and every snapshot of its label and of its volumes.
 * Each array for itself; what could not be taken back, or may still appear, is answered and noted in the journal.
 *
 * @param late arrays where something may still appear: an outcome is unknown, and was not seen
 */
export async function takeBack(
  parts: CleanUpParts,
  drivers: readonly ArrayDriver[],
  { label, units }: Made,
  journal: Journal,
  late: ReadonlyMap<ArrayId, Late>,
  limitOf: (array: ArrayId) => Deadline,
): Promise<readonly Remains[]> {
  const outcomes = await gather(drivers, async (driver): Promise<Remains | undefined> => {
    const limit = limitOf(driver.id);
    await driver.disarm(label, limit);
    const found = await driver.find(label, limit);
    const isOurs = (snapshot: ArraySnapshot): boolean => isCutBy(units.get(driver.id) ?? [], snapshot);
    const there = found.filter(isOurs);
    const others = found.filter((snapshot) => !isOurs(snapshot)).map(({ name }) => name);
    for (const snapshot of there) await journal.note({ type: 'taken', snapshot });
    const { left, why } = await removeEach(parts, driver, there, limit, (snapshot) =>
      journal.note({ type: 'removed', array: driver.id, id: snapshot.id }),
    );
    if (left.length > 0) return { array: driver.id, names: left.map(({ name }) => name), why };
    if (others.length > 0)
      return { array: driver.id, names: others, why: 'under our label, and not what the run took' };
    const open = late.get(driver.id);
    if (open !== undefined)
      return { array: driver.id, names: [], why: mayAppear(there.length, open), until: open.until };
    await journal.note({ type: 'clean', array: driver.id });
    return undefined;
  });
  const remains = drivers.flatMap((driver, index): readonly Remains[] => {
    const outcome = outcomes[index];
    if (outcome?.ok === true) return outcome.value === undefined ? [] : [outcome.value];
    return [{ array: driver.id, names: [], why: outcome?.fault.message ?? 'it was not asked' }];
  });
  for (const { array, why, until } of remains)
    await journal.note({ type: 'remains', array, why, ...(until === undefined ? {} : { until: until.toISOString() }) });
  return remains;
}

function mayAppear(removed: number, { what, until }: Late): string {
  const gone = removed === 0 ? 'no snapshot is there' : 'what was there is removed';
  const subject = what === 'snapshot' ? 'one' : 'what was being prepared there';
  return `${gone}; as its answer is missing, ${subject} may still appear until ${localTime(until)}`;
}

/** Removes a whole set, by label and identity, marking each step on disk. What could not be removed is answered. */
export async function removeSet(
  parts: CleanUpParts,
  state: StateFolder,
  drivers: ReadonlyMap<ArrayId, ArrayDriver>,
  set: Removable,
  because: string,
  limit: Deadline,
): Promise<readonly Remains[]> {
  const removal = await beginRemoval(state, set, { because, now: parts.clock.date() });
  const remains: Remains[] = [];
  for (const array of new Set(removal.left.map((snapshot) => snapshot.array))) {
    const own = removal.left.filter((snapshot) => snapshot.array === array);
    const driver = drivers.get(array);
    if (driver === undefined) {
      remains.push({ array, names: own.map(({ name }) => name), why: 'this array is no longer in the topology' });
      continue;
    }
    const { left, ...rest } = await removeEach(parts, driver, own, limit, (snapshot) => removal.gone(snapshot));
    if (left.length > 0) remains.push({ array, names: left.map(({ name }) => name), ...rest });
  }
  if (remains.length === 0) await removal.finish(parts.clock.date());
  return remains;
}

/** An array that takes so long to refuse has not refused: it does not answer. */
export const NO_ANSWER_MS = 2_500;

/**
 * One after the other: an array that is slow to delete is not made slower, and what is gone is marked at once. One that
 * stops answering is not asked for the rest.
 */
export async function removeEach(
  parts: CleanUpParts,
  driver: ArrayDriver,
  snapshots: readonly ArraySnapshot[],
  limit: Deadline,
  gone: (snapshot: ArraySnapshot) => Promise<void>,
): Promise<{ readonly left: readonly ArraySnapshot[]; readonly why: string; readonly silent?: true }> {
  const left: ArraySnapshot[] = [];
  let why = '';
  let isSilent = false;
  for (const [index, snapshot] of snapshots.entries()) {
    const sinceMs = parts.clock.now();
    try {
      await driver.remove(snapshot, limit);
      await gone(snapshot);
    } catch (thrown) {
      left.push(snapshot);
      why = asFault(thrown).message;
      if (parts.clock.now() - sinceMs < NO_ANSWER_MS) continue;
      isSilent = true;
      left.push(...snapshots.slice(index + 1));
      break;
    }
  }
  if (snapshots.length > left.length)
    parts.emit({ type: 'array', array: driver.id, is: 'removed', atMs: parts.clock.now() });
  return { left, why, ...(isSilent ? { silent: true } : {}) };
}
