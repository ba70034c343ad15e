import { count } from '../base/count.ts';
import { seconds } from '../base/deadline.ts';
import { localTime, shortLocalTime } from '../base/local-time.ts';
import type { SetLine, WholeSet } from '../catalog/set-entry.ts';
import type { ArraySnapshot, PlannedDisk, Verdict } from '../model.ts';
import { diskLines } from './disks.ts';
import { drawWindow, proofOf } from './drawing.ts';
import { findingLines, type RenderFinding } from './findings.ts';
import { type Paint, PLAIN } from './paint.ts';
import { size } from './sizes.ts';
import { table } from './table.ts';
import { WIDTH, wrap } from './text.ts';

/** One line a set (one at least), newest first: name, when, what it is. What is said of a set besides stands below it. */
export function setListLines(sets: readonly SetLine[], paint: Paint = PLAIN): readonly string[] {
  const rows = sets.map((set) => [set.id, shortLocalTime(timeOf(set)), setText(set)]);
  const [head = '', ...lines] = table([['SET', 'TAKEN', 'LEVEL'], ...rows]);
  return [head, ...sets.flatMap((set, index) => [painted(lines[index] ?? '', set, paint), ...besides(set)])];
}

/** The same for machines. */
export function setListDocument(sets: readonly SetLine[]): Readonly<Record<string, unknown>> {
  return { type: 'list', sets: sets.map(setSummary) };
}

/** A whole set: how good it is and why, its disks, its window, its snapshots. */
export function showLines(
  set: WholeSet,
  render: RenderFinding,
  paint: Paint = PLAIN,
  width = WIDTH,
): readonly string[] {
  const { manifest } = set;
  const { verdict, window } = manifest;
  const proof = set.state === 'good' && verdict.oneInstant ? proofOf(window) : undefined;
  const notes = manifest.plan.findings;
  return [
    paint.strong(set.id),
    '',
    ...facts(set),
    '',
    'Disks',
    ...diskLines(manifest.plan, { title: 'level', of: (disk) => diskLevel(disk, verdict) }, width),
    '',
    ...drawWindow(window),
    ...(proof === undefined ? [] : wrap(proof, WIDTH, '   ')),
    '',
    'Snapshots',
    ...snapshotLines(manifest.snapshots),
    ...(notes.length === 0 ? [] : ['', 'Said by the plan', ...findingLines(notes, render, paint)]),
  ];
}

/** The manifest, and what was done with the set since. */
export function showDocument(set: WholeSet): Readonly<Record<string, unknown>> {
  return { type: 'set', ...setSummary(set), manifest: set.manifest };
}

/** 'filesystem (boot disks: crash)', and what the set counts for if it is not good. */
export function setText(set: SetLine): string {
  switch (set.state) {
    case 'good':
      return set.levelText;
    case 'weak':
      return `${set.levelText}, weak`;
    case 'removing':
      return 'being removed';
    case 'removed':
      return 'removed';
    default:
      return 'cannot be read';
  }
}

function setSummary(set: SetLine): Readonly<Record<string, unknown>> {
  const named = { id: set.id, group: set.group, state: set.state };
  if (set.state === 'unreadable') return { ...named, why: set.why };
  const { takenAt, level, levelText, windowMs, label, note, key, pinned } = set;
  return { ...named, takenAt, level, levelText, windowMs, label, note, key, pinned };
}

function timeOf(set: SetLine): Date {
  return set.state === 'unreadable' ? set.startedAt : new Date(set.takenAt);
}

function painted(line: string, set: SetLine, paint: Paint): string {
  if (set.state === 'good') return line;
  return set.state === 'removed' ? paint.dim(line) : paint.warn(line);
}

function besides(set: SetLine): readonly string[] {
  if (set.state === 'unreadable') return wrap(set.why, WIDTH, '    ');
  return [
    ...(set.note === undefined ? [] : wrap(`note: ${set.note}`, WIDTH, '    ')),
    ...(set.pinned === undefined ? [] : wrap(`pinned: ${set.pinned}`, WIDTH, '    ')),
    ...(set.removal === undefined ? [] : wrap(`removed because: ${set.removal.because}`, WIDTH, '    ')),
    ...(set.state === 'weak' && set.weakness !== undefined ? wrap(set.weakness, WIDTH, '    ') : []),
  ];
}

function facts(set: WholeSet): readonly string[] {
  const { manifest } = set;
  const { verdict } = manifest;
  const aside = verdict.vms.filter((vm) => vm.aside).map(({ vm, level }) => `${vm} (optional): ${level}`);
  const arrays = new Set(manifest.snapshots.map((snapshot) => snapshot.array)).size;
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Level', setText(set)],
    ['Required', manifest.plan.require],
    ['Beside', aside.length === 0 ? undefined : aside.join(', ')],
    ['Taken', `${localTime(new Date(manifest.takenAt))}, by Stillpoint ${manifest.stillpoint}`],
    [
      'Window',
      `${seconds(manifest.windowMs)}, ${count(arrays, 'array')}, ${count(manifest.snapshots.length, 'volume')}`,
    ],
    ['Label', manifest.label],
    ['Note', manifest.note],
    ['Key', manifest.key],
    ['Pinned', set.pinned],
    ['Removed', set.removal?.because],
  ];
  const because = verdict.because.flatMap((text, index) =>
    wrap(text, WIDTH, FACT, index === 0 ? '   Because    ' : FACT),
  );
  const [level = [], ...rest] = rows.flatMap(([name, value]) =>
    value === undefined ? [] : [wrap(value, WIDTH, FACT, `   ${name.padEnd(11)}`)],
  );
  return [...level, ...because, ...rest.flat()];
}

const FACT = ' '.repeat(14);

function diskLevel(disk: PlannedDisk, verdict: Verdict): string {
  const proved = verdict.disks.find(({ ref }) => ref.vm === disk.ref.vm && ref.disk === disk.ref.disk);
  return proved?.level ?? 'unproven';
}

/** A table of them, by array. */
export function snapshotLines(snapshots: readonly ArraySnapshot[]): readonly string[] {
  const arrays = [...new Set(snapshots.map((snapshot) => snapshot.array))];
  // Not every array tells sizes: where none does there is no column for them.
  const sized = snapshots.some((snapshot) => snapshot.sizeBytes !== undefined);
  const rows = arrays.flatMap((array) =>
    snapshots
      .filter((snapshot) => snapshot.array === array)
      .map(({ source, name, id, sizeBytes }, index) => {
        const own = sized ? [sizeBytes === undefined ? '' : size(sizeBytes)] : [];
        return [index === 0 ? array : '', source.name, ...own, name, id];
      }),
  );
  // Never cut: on the worst day these names are typed into an array by hand.
  const head = ['array', 'volume', ...(sized ? ['size'] : []), 'snapshot', 'its id there'];
  return table([head, ...rows], { indent: '   ' });
}
