import { count } from '../base/count.ts';
import { localTime, shortLocalTime } from '../base/local-time.ts';
import { oldestOf, type ReadRebuilt, type RebuiltEntry } from '../catalog/rebuilt.ts';
import type { ArraySnapshot } from '../model.ts';
import { type Paint, PLAIN } from './paint.ts';
import { snapshotLines } from './set.ts';
import { table } from './table.ts';
import { WIDTH, wrap } from './text.ts';

/** Apart from the sets, below them: these count for nothing. */
export function rebuiltListLines(entries: readonly RebuiltEntry[], paint: Paint = PLAIN): readonly string[] {
  if (entries.length === 0) return [];
  const rows = entries.map((entry) => {
    if (entry.state === 'unreadable') return [entry.id, 'unknown', 'unknown', 'cannot be read'];
    const { id, set } = entry;
    return [
      id,
      oldestText(set.snapshots),
      `${set.snapshots.length} on ${arraysOf(set.snapshots).join(', ')}`,
      stateText(entry),
    ];
  });
  const [head = '', ...lines] = table([['REBUILT', 'OLDEST', 'SNAPSHOTS', 'STATE'], ...rows]);
  return [
    '',
    ...wrap('Rebuilt from the arrays: of which group, how good, and whether whole is not known.', WIDTH),
    head,
    ...entries.flatMap((entry, index) => [paint.warn(lines[index] ?? ''), ...besides(entry)]),
  ];
}

/** The same for machines, as a member of the list's document. */
export function rebuiltSummaries(entries: readonly RebuiltEntry[]): readonly Readonly<Record<string, unknown>>[] {
  return entries.map((entry) => {
    const named = { id: entry.id, origin: 'rebuilt', state: entry.state };
    if (entry.state === 'unreadable') return { ...named, why: entry.why };
    const { snapshots, unasked, mayBe, seenAt, adopted } = entry.set;
    const arrays = arraysOf(snapshots);
    return {
      ...named,
      seenAt,
      oldest: oldestOf(snapshots),
      snapshots: snapshots.length,
      arrays,
      unasked,
      mayBe,
      adopted,
    };
  });
}

/** One of them: what the arrays tell, and what no label can carry. */
export function showRebuiltLines(entry: ReadRebuilt, paint: Paint = PLAIN): readonly string[] {
  const { set, removal } = entry;
  const { adopted } = set;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Level', 'unproven: nothing of its window is known'],
    ['Unknown', 'of which group it is, and whether it is whole'],
    ['Origin', `the label on the arrays, as they were on ${localTime(new Date(set.seenAt))}`],
    ['Taken', takenText(set.snapshots)],
    ['Not asked', set.unasked.length === 0 ? undefined : unaskedText(set.unasked)],
    ['May be', set.mayBe.length === 0 ? undefined : mayBeText(set.mayBe)],
    [
      'Adopted',
      adopted === undefined
        ? `no: nothing removes it before that. stillpoint mend --adopt ${set.id}`
        : `${localTime(new Date(adopted.at))} by ${adopted.by}: ${adopted.because}`,
    ],
    ['Removed', adopted === undefined ? undefined : removal?.because],
  ];
  return [
    paint.strong(set.id),
    '',
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : wrap(value, WIDTH, FACT, `   ${name.padEnd(11)}`))),
    '',
    'Snapshots',
    ...snapshotLines(set.snapshots),
  ];
}

export function showRebuiltDocument({ state, set, removal }: ReadRebuilt): Readonly<Record<string, unknown>> {
  return { type: 'rebuilt', state, ...set, level: 'unproven', removal };
}

/** '4 snapshots on bulk, fast' */
export function whereText(snapshots: readonly ArraySnapshot[]): string {
  return `${count(snapshots.length, 'snapshot')} on ${arraysOf(snapshots).join(', ')}`;
}

export function mayBeText(ids: readonly string[]): string {
  const papers = ids.length === 1 ? 'whose papers here cannot be read' : 'of which the papers here cannot be read';
  return `${ids.join(', ')}, ${papers}`;
}

const FACT = ' '.repeat(14);

function stateText({ state }: ReadRebuilt): string {
  const texts = { rebuilt: 'not adopted', adopted: 'adopted', removing: 'being removed', removed: 'removed' };
  return texts[state];
}

function besides(entry: RebuiltEntry): readonly string[] {
  if (entry.state === 'unreadable') return wrap(entry.why, WIDTH, '    ');
  const { unasked, mayBe } = entry.set;
  return [
    ...(unasked.length === 0 ? [] : wrap(unaskedText(unasked), WIDTH, '    ')),
    ...(mayBe.length === 0 ? [] : wrap(`may be ${mayBeText(mayBe)}`, WIDTH, '    ')),
  ];
}

function unaskedText(arrays: readonly string[]): string {
  return `${count(arrays.length, 'array')} (${arrays.join(', ')}) could not be asked, and may have more of it`;
}

function oldestText(snapshots: readonly ArraySnapshot[]): string {
  const oldest = oldestOf(snapshots);
  return oldest === undefined ? 'unknown' : shortLocalTime(new Date(oldest));
}

/** Clocks of several arrays: what lies between them is no measure of anything. */
function takenText(snapshots: readonly ArraySnapshot[]): string {
  const times = snapshots.flatMap(({ createdAt }) => (createdAt === undefined ? [] : [Date.parse(createdAt)]));
  if (times.length === 0) return 'unknown: its arrays tell no time';
  const [first, last] = [Math.min(...times), Math.max(...times)].map((time) => localTime(new Date(time)));
  return first === last ? `${first}, by the array's clock` : `${first} to ${last}, by the arrays' own clocks`;
}

function arraysOf(snapshots: readonly ArraySnapshot[]): readonly string[] {
  return [...new Set(snapshots.map(({ array }) => array))].sort();
}
