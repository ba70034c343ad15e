import { localTime } from '../base/local-time.ts';
import type { ArrayId, ArraySnapshot, CutLabel, SetId } from '../model.ts';
import type { RunRecord } from './journal.ts';
import { leftOf } from './removal.ts';
import type { SetLine } from './set-entry.ts';
import type { RunEntry } from './store.ts';

/** What a run may have left on an array: in no set that stands, and not known to be gone. */
export interface Leftover {
  readonly run: SetId;
  readonly group: string;
  readonly label: CutLabel;
  readonly array: ArrayId;
  /** Those that were seen; there may be others, which only the array can tell. */
  readonly snapshots: readonly ArraySnapshot[];
  readonly why: string;
  /** `why` says what may still appear, and is true until then. */
  readonly until?: string;
}

/** The same, with what is true of it now. */
export function asOf(leftover: Leftover, now: Date): Leftover {
  if (leftover.until === undefined || Date.parse(leftover.until) > now.getTime()) return leftover;
  const ended = localTime(new Date(leftover.until));
  const why = `an answer is missing, and the time in which the array could still act on it ended at ${ended}: stillpoint mend`;
  return { ...leftover, why };
}

/**
 * All that stays open: of failed runs, then of half-removed sets. In doubt something is a leftover: it is looked for, and only what the array
 * shows with our label is then removed.
 *
 * @param running runs that are still going on: theirs are no leftovers
 */
export function leftovers(
  sets: readonly SetLine[],
  runs: readonly RunEntry[],
  running: ReadonlySet<SetId> = new Set(),
): readonly Leftover[] {
  const sealed = new Set<SetId>(sets.map((set) => set.id));
  const ofRuns = runs.filter((run) => !running.has(run.id) && !sealed.has(run.id)).flatMap((run) => ofRun(run.record));
  return [...ofRuns, ...sets.flatMap(ofRemoval)];
}

/** Every label that the catalog knows: what carries another one on an array is of our form, but not ours to touch. */
export function knownLabels(sets: readonly SetLine[], runs: readonly RunEntry[]): ReadonlySet<CutLabel> {
  const ofSets = sets.flatMap((set) => (set.state === 'unreadable' ? [] : [set.label]));
  const ofRuns = runs.flatMap((run) => run.record.intent?.label ?? []);
  return new Set([...ofSets, ...ofRuns]);
}

/** Whose label it is in the catalog: a set's, or else a run's. */
export function ownerOf(label: CutLabel, sets: readonly SetLine[], runs: readonly RunEntry[]): SetId | undefined {
  const set = sets.find((one) => one.state !== 'unreadable' && one.label === label);
  return set?.id ?? runs.find(({ record }) => record.intent?.label === label)?.id;
}

function ofRun(record: RunRecord): readonly Leftover[] {
  const { intent } = record;
  if (intent === undefined) return [];
  const { run, group, label } = intent;
  return intent.arrays.flatMap(({ array }) => {
    const open = openOn(array, record);
    return open === undefined ? [] : [{ run, group, label, array, ...open }];
  });
}

/** What the journal leaves open on one array; undefined: nothing. */
function openOn(array: ArrayId, record: RunRecord): Pick<Leftover, 'snapshots' | 'why' | 'until'> | undefined {
  // A journal with a line that cannot be read, or one that lost its first lines, may hide that the array was armed.
  let open = record.faults.length > 0 || record.window !== undefined;
  let why = record.result === undefined ? 'the run crashed or was killed (no result recorded)' : 'the run failed';
  let until: string | undefined;
  const seen = new Map<string, ArraySnapshot>();
  for (const entry of record.entries) {
    if (entry.type === 'taken') {
      if (entry.snapshot.array !== array) continue;
      open = true;
      seen.set(entry.snapshot.id, entry.snapshot);
    } else if ('array' in entry && entry.array === array) {
      open = entry.type !== 'clean';
      if (entry.type === 'clean') seen.clear();
      if (entry.type === 'removed') seen.delete(entry.id);
      if (entry.type === 'remains') ({ why, until } = entry);
    }
  }
  return open ? { snapshots: [...seen.values()], why, ...(until === undefined ? {} : { until }) } : undefined;
}

function ofRemoval(set: SetLine): readonly Leftover[] {
  if (set.state !== 'removing' || set.removal === undefined) return [];
  const { id: run, group, manifest, removal } = set;
  const left = leftOf(manifest, removal);
  return [...new Set(left.map((snapshot) => snapshot.array))].map((array) => ({
    run,
    group,
    label: manifest.label,
    array,
    snapshots: left.filter((snapshot) => snapshot.array === array),
    why: 'its set was being removed',
  }));
}
