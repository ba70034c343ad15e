import type { Deadline } from '../../base/deadline.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { gather } from '../../base/gather.ts';
import { oldestOf } from '../../catalog/rebuilt.ts';
import { readRunPlan } from '../../catalog/run-plan.ts';
import type { SetEntry } from '../../catalog/set-entry.ts';
import type { RunEntry } from '../../catalog/store.ts';
import type { ArrayId, ArraySnapshot, CutLabel, SetId } from '../../model.ts';
import { lateOf } from '../undo/late.ts';
import { NO_ANSWER_MS } from '../undo/take-back.ts';
import type { OpenRun } from './cases.ts';
import type { MendParts } from './parts.ts';
import type { ArraySeen, RunSeen } from './plan.ts';

/** Snapshots of our form, of a label that this state folder does not know. */
export interface Foreign {
  readonly array: ArrayId;
  readonly label: CutLabel;
  readonly names: readonly string[];
  /** By the array's clock, the oldest; absent where it tells none. */
  readonly createdAt?: string;
}

/** What all arrays show, whoever's it is. */
export interface Shown {
  readonly snapshots: readonly ArraySnapshot[];
  /** Arrays that could not be asked, and why. */
  readonly silent: ReadonlyMap<ArrayId, string>;
}

interface Looked extends Shown {
  /** Of the silent ones, those that were waited for: they refused nothing, they did not answer. */
  readonly unanswered: ReadonlySet<ArrayId>;
}

export async function lookEverywhere(
  { clock, drivers }: Pick<MendParts, 'clock' | 'drivers'>,
  limit: Deadline,
): Promise<Looked> {
  const all = [...drivers.values()];
  const sinceMs = clock.now();
  const unanswered = new Set<ArrayId>();
  const answers = await gather(all, async (driver) => {
    try {
      return await driver.findAll(limit);
    } catch (thrown) {
      if (clock.now() - sinceMs >= NO_ANSWER_MS) unanswered.add(driver.id);
      throw thrown;
    }
  });
  limit.signal.throwIfAborted();
  const silent = new Map<ArrayId, string>();
  const snapshots = all.flatMap(({ id }, index) => {
    const answer = answers[index];
    if (answer?.ok === true) return answer.value;
    silent.set(id, answer?.fault.message ?? 'it was not asked');
    return [];
  });
  return { snapshots, silent, unanswered };
}

/** An array that was waited for in vain is not asked again for each of its runs. */
export function withoutSilent(drivers: MendParts['drivers'], { silent, unanswered }: Looked): MendParts['drivers'] {
  return new Map(
    [...drivers].map(([id, driver]) => {
      const why = new Fault({ code: 'array.unanswered', message: silent.get(id) ?? '' });
      const refuse = (): Promise<never> => Promise.reject(why);
      return [id, unanswered.has(id) ? { ...driver, disarm: refuse, find: refuse, remove: refuse } : driver];
    }),
  );
}

export function foreignIn(shown: Shown, known: ReadonlySet<CutLabel>): readonly Foreign[] {
  const foreign = shown.snapshots.filter(({ label }) => !known.has(label));
  const keys = [...new Set(foreign.map(({ array, label }) => `${array} ${label}`))];
  return keys.flatMap((key): readonly Foreign[] => {
    const own = foreign.filter(({ array, label }) => `${array} ${label}` === key);
    const [first] = own;
    if (first === undefined) return [];
    const oldest = oldestOf(own);
    const { array, label } = first;
    return [
      { array, label, names: own.map(({ name }) => name), ...(oldest === undefined ? {} : { createdAt: oldest }) },
    ];
  });
}

/**
 * What came after everybody had stopped looking: under a label of ours, in no set. Of a run that made no set it is
 * that run's, and is taken back with the rest of it; beside a set it is only named.
 */
export function straysIn(
  shown: Shown,
  sets: readonly SetEntry[],
  runs: readonly RunEntry[],
  running: ReadonlySet<SetId>,
): { readonly ofRuns: ReadonlyMap<SetId, readonly ArrayId[]>; readonly besides: readonly string[] } {
  const ofRuns = new Map<SetId, readonly ArrayId[]>();
  const besides: string[] = [];
  for (const snapshot of shown.snapshots) {
    const { array, label, name, id } = snapshot;
    const set = sets.find((one) => one.state !== 'unreadable' && one.manifest.label === label);
    if (set !== undefined && set.state !== 'unreadable') {
      const own = set.manifest.snapshots.some((one) => one.array === array && one.id === id);
      if (!own || set.state === 'removed') {
        besides.push(`array ${array}: snapshot ${name} carries the label of set ${set.id}, and is no part of it`);
      }
      continue;
    }
    const run = runs.find(({ record }) => record.intent?.label === label);
    // A set whose manifest cannot be read has a run all the same: its snapshots are nobody's to take.
    if (run === undefined || running.has(run.id) || sets.some((one) => one.id === run.id)) continue;
    ofRuns.set(run.id, [...new Set([...(ofRuns.get(run.id) ?? []), array])]);
  }
  return { ofRuns, besides };
}

/** Asks the arrays of an open run what is there under its label. */
export async function lookAtRun(parts: MendParts, open: OpenRun, limit: Deadline): Promise<RunSeen> {
  const { record } = open.run;
  const { intent } = record;
  const seen = await gather(open.arrays, async (array): Promise<ArraySeen> => {
    const driver = parts.drivers.get(array);
    if (intent === undefined || driver === undefined) return { array, unasked: 'it is not in the topology' };
    // The snapshots of a set that stands are its own matter.
    if (open.set !== undefined) return { array, there: [] };
    try {
      const there = await driver.find(intent.label, limit);
      const late = lateOf(record, intent, driver, there, parts.clock.date());
      return { array, there, ...(late === undefined ? {} : { late }) };
    } catch (thrown) {
      return { array, unasked: asFault(thrown).message };
    }
  });
  limit.signal.throwIfAborted();
  const plan = await readRunPlan(parts.state, open.run.id);
  return {
    ...open,
    seen: seen.flatMap((one) => (one.ok ? [one.value] : [])),
    removeWeak: parts.topology.groups.get(open.run.group)?.weak === 'remove',
    ...(plan === undefined ? {} : { plan }),
  };
}
