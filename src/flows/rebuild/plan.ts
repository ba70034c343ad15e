import { canonicalJson } from '../../base/json.ts';
import type { ReadRebuilt, RebuiltEntry, RebuiltSet } from '../../catalog/rebuilt.ts';
import type { SetEntry } from '../../catalog/set-entry.ts';
import type { RunEntry } from '../../catalog/store.ts';
import type { ArrayId, ArraySnapshot, CutLabel, SetId } from '../../model.ts';
import type { Shown } from '../mend/look.ts';

/** What is known when the catalog is made again. */
export interface RebuildFacts {
  readonly shown: Shown;
  /** Every array that could be asked, whether it answered or not. */
  readonly arrays: readonly ArrayId[];
  /** Labels of manifests and intents that can be read. */
  readonly known: ReadonlySet<CutLabel>;
  readonly entries: readonly RebuiltEntry[];
  /** See `RebuiltSet.mayBe`. */
  readonly mayBe: readonly SetId[];
  readonly now: Date;
}

export type Rebuilding =
  /** `was`: what stood here of it before. */
  | { readonly kind: 'write'; readonly set: RebuiltSet; readonly was: 'nothing' | 'other' | 'unreadable' }
  | { readonly kind: 'stay'; readonly set: RebuiltSet }
  /** Only the paper goes. */
  | { readonly kind: 'forget'; readonly id: CutLabel; readonly because: string };

/**
 * What is to be written for what the arrays show. Pure. Only labels that nothing here knows; what was adopted stays as
 * it was adopted. What an array that did not answer had shown before is believed to be still there.
 */
export function rebuildPlan(facts: RebuildFacts): readonly Rebuilding[] {
  const { shown, entries } = facts;
  const seen = shown.snapshots.map(({ label }) => label);
  const labels = [...new Set([...entries.map(({ id }) => id), ...seen])].sort();
  return labels.flatMap((label) =>
    rebuilding(
      label,
      entries.find(({ id }) => id === label),
      facts,
    ),
  );
}

function rebuilding(label: CutLabel, entry: RebuiltEntry | undefined, facts: RebuildFacts): readonly Rebuilding[] {
  if (entry !== undefined && entry.state !== 'rebuilt' && entry.state !== 'unreadable') return [];
  const own = entry?.state === 'rebuilt' ? entry : undefined;
  if (facts.known.has(label)) {
    const because = 'a set or a run of this state folder has its label';
    return own === undefined ? [] : [{ kind: 'forget', id: label, because }];
  }
  const set = rebuiltFrom(label, own, facts);
  if (set.snapshots.length === 0) {
    return own === undefined ? [] : [{ kind: 'forget', id: label, because: 'no array shows it any more' }];
  }
  if (own !== undefined && isSame(own.set, set)) return [{ kind: 'stay', set: own.set }];
  const was = entry === undefined ? 'nothing' : entry.state === 'unreadable' ? 'unreadable' : 'other';
  return [{ kind: 'write', set, was }];
}

function rebuiltFrom(label: CutLabel, own: ReadRebuilt | undefined, facts: RebuildFacts): RebuiltSet {
  const { shown, arrays, mayBe, now } = facts;
  const asked = new Set(arrays.filter((array) => !shown.silent.has(array)));
  const remembered = (own?.set.snapshots ?? []).filter(({ array }) => !asked.has(array));
  const unasked = [...shown.silent.keys(), ...remembered.map(({ array }) => array)];
  return {
    v: 1,
    origin: 'rebuilt',
    id: label,
    seenAt: now.toISOString(),
    snapshots: [...shown.snapshots.filter((snapshot) => snapshot.label === label), ...remembered].sort(byPlace),
    unasked: [...new Set(unasked)].sort(),
    mayBe,
  };
}

function isSame(one: RebuiltSet, other: RebuiltSet): boolean {
  return canonicalJson({ ...one, seenAt: '' }) === canonicalJson({ ...other, seenAt: '' });
}

function byPlace(a: ArraySnapshot, b: ArraySnapshot): number {
  const [one, other] = [a, b].map(({ array, source, name, id }) => [array, source.name, name, id].join('\n'));
  return (one ?? '') < (other ?? '') ? -1 : 1;
}

/** Sets and runs whose label is written nowhere that can be read: what is rebuilt may be one of these. */
export function withoutLabel(sets: readonly SetEntry[], runs: readonly RunEntry[]): readonly SetId[] {
  const told = new Set(runs.filter(({ record }) => record.intent !== undefined).map(({ id }) => id));
  const ofSets = sets.filter((set) => set.state === 'unreadable' && !told.has(set.id)).map(({ id }) => id);
  const ofRuns = runs.filter(({ id, record }) => !told.has(id) && record.faults.length > 0).map(({ id }) => id);
  return [...new Set([...ofSets, ...ofRuns])].sort();
}
