import type { Intent } from '../../catalog/intent.ts';
import type { RunRecord } from '../../catalog/journal.ts';
import type { ArrayId, ArraySnapshot, Manifest, Plan } from '../../model.ts';
import { isCutBy, type Late } from '../undo/take-back.ts';
import type { OpenRun } from './cases.ts';
import { judgedBy, sealedLater } from './seal.ts';

/** What an array answered, or why it could not be asked. */
export type ArraySeen =
  | {
      readonly array: ArrayId;
      readonly there: readonly ArraySnapshot[];
      readonly late?: Late;
    }
  | { readonly array: ArrayId; readonly unasked: string };

/** A run with all that decides about it. */
export interface RunSeen extends OpenRun {
  /** Absent: it is not in the run's folder, or cannot be believed. */
  readonly plan?: Plan;
  readonly seen: readonly ArraySeen[];
  /** The topology removes weak sets. */
  readonly removeWeak: boolean;
}

/** What is to be done on one array of a run whose snapshots go. */
export interface TakeBack {
  readonly array: ArrayId;
  readonly remove: readonly ArraySnapshot[];
  /** Under the run's label, and not what the run can have taken: stays, and is named. */
  readonly notOurs: readonly ArraySnapshot[];
  readonly late?: Late;
}

export type RunMending =
  /** Everything that it was to take is there: sealed, as good as its own papers prove. */
  | { readonly kind: 'keep'; readonly manifest: Manifest; readonly disarm: readonly ArrayId[] }
  | {
      readonly kind: 'take-back';
      readonly because: string;
      readonly arrays: readonly TakeBack[];
      readonly unasked: readonly Unasked[];
    }
  /** Its set stands: what it prepared goes, and its last word is written. */
  | { readonly kind: 'close'; readonly disarm: readonly ArrayId[]; readonly unasked: readonly Unasked[] }
  /** Nothing is done, because what is not known decides. `waits`: a later mend may know it. */
  | { readonly kind: 'leave'; readonly because: string; readonly waits: boolean; readonly unasked: readonly Unasked[] };

export type Unasked = Extract<ArraySeen, { unasked: string }>;
type Asked = Exclude<ArraySeen, Unasked>;

/**
 * What is to be done about a run that ended without a word, or failed with something open. Pure.
 *
 * A run that said that it failed, and one whose own record says that it was ended, has decided: what it made goes. Of
 * any other that is whole, the verdict of its record decides: good only where the run itself had come to judge it, kept
 * as weak otherwise. What is not whole goes. Where an array that could not be asked would decide, nothing is done.
 */
export function mendPlan(run: RunSeen, now: Date): RunMending {
  const { record } = run.run;
  const { intent } = record;
  const unasked = run.seen.filter((one) => 'unasked' in one);
  const asked = run.seen.filter((one) => 'there' in one);
  const leave = (because: string, waits: boolean): RunMending => ({ kind: 'leave', because, waits, unasked });
  if (run.set !== undefined) return { kind: 'close', disarm: asked.map(({ array }) => array), unasked };
  if (intent === undefined) return leave('what it was about to do cannot be read', false);

  const sorted = asked.map((one) => sortOut(one, record, intent));
  const takeBack = (because: string): RunMending => ({ kind: 'take-back', because, arrays: sorted, unasked });
  const ended = endedBy(record);
  if (ended !== undefined) return takeBack(ended);
  if (record.result !== undefined && record.result.state !== 'failed') {
    return leave('it says that it made a set, and that set is not in the catalog', false);
  }
  const missing = missingOf(intent, sorted, unasked);
  if (missing !== undefined) return takeBack(missing);
  if (unasked.length > 0) return leave('whether all of it is there is not known', true);
  if (run.plan === undefined) return leave('all of it is there, and its plan cannot be read', false);

  const snapshots = sorted.flatMap(({ remove }) => remove);
  const manifest = sealedLater({ record, intent, plan: run.plan, snapshots, now });
  // A run that had judged its set kept it, by its own word on weak ones.
  if (manifest.state === 'weak' && run.removeWeak && judgedBy(record) === undefined)
    return takeBack('it is weak, and the topology removes weak sets');
  return { kind: 'keep', manifest, disarm: asked.map(({ array }) => array) };
}

/** Why the run's snapshots go whatever is there; undefined: it never came to decide. */
function endedBy(record: RunRecord): string | undefined {
  const { result, window, entries } = record;
  if (result?.state === 'failed' && result.unsealed !== true) return 'the run failed';
  if (result?.kept === false) return 'its set was not to be kept';
  const stopped = window?.stopped;
  if (stopped !== undefined && (stopped.code === 'interrupted' || stopped.code === 'bug')) return stopped.message;
  if (judgedBy(record)?.keep === false) return 'it had judged its set, and was to take it back';
  const begun = entries.some(({ type }) => type === 'removed' || type === 'remains');
  return begun ? 'its removal was begun' : undefined;
}

/** In ours and not ours. Ours is of a volume that the run was to cut, and no other than what the run has seen there. */
function sortOut({ array, there, late }: Asked, record: RunRecord, intent: Intent): TakeBack {
  const units = intent.arrays.filter((one) => one.array === array).flatMap((one) => one.units);
  const noted = new Map(
    record.entries.flatMap((entry) =>
      entry.type === 'taken' && entry.snapshot.array === array ? [[entry.snapshot.name, entry.snapshot.id]] : [],
    ),
  );
  const isOurs = (snapshot: ArraySnapshot): boolean =>
    snapshot.label === intent.label &&
    isCutBy(units, snapshot) &&
    (noted.get(snapshot.name) ?? snapshot.id) === snapshot.id;
  return {
    array,
    remove: there.filter(isOurs),
    notOurs: there.filter((snapshot) => !isOurs(snapshot)),
    ...(late === undefined ? {} : { late }),
  };
}

/** The first volume that an array which was asked has no snapshot of; one that was not asked may have its own. */
function missingOf(intent: Intent, sorted: readonly TakeBack[], unasked: readonly Unasked[]): string | undefined {
  for (const { array, units } of intent.arrays) {
    if (unasked.some((one) => one.array === array)) continue;
    const own = sorted.find((one) => one.array === array)?.remove ?? [];
    const volume = units
      .flatMap(({ volumes }) => volumes)
      .find(({ id }) => own.every(({ source, invalid }) => source.id !== id || invalid !== undefined));
    if (volume !== undefined) return `array ${array} has no snapshot of ${volume.name} that can be used`;
  }
  return undefined;
}
