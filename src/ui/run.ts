import { localTime, shortLocalTime } from '../base/local-time.ts';
import type { Leftover } from '../catalog/leftovers.ts';
import type { RunEntry } from '../catalog/store.ts';
import type { SetId } from '../model.ts';
import { drawWindow } from './drawing.ts';
import { type Paint, PLAIN } from './paint.ts';
import { table } from './table.ts';
import { WIDTH, wrap } from './text.ts';

/** One line a run (one at least), newest first: name, when it began, how it ended, and below it why. */
export function runListLines(
  runs: readonly RunEntry[],
  running: ReadonlySet<SetId>,
  paint: Paint = PLAIN,
): readonly string[] {
  const rows = runs.map((run) => [run.id, shortLocalTime(run.startedAt), endText(run, running)]);
  const [head = '', ...lines] = table([['RUN', 'STARTED', 'ENDED'], ...rows]);
  return [
    head,
    ...runs.flatMap((run, index) => {
      const line = lines[index] ?? '';
      const why = whyLines(run)
        .slice(0, 1)
        .flatMap((text) => wrap(text, WIDTH, '    '));
      return [run.state === 'good' || running.has(run.id) ? line : paint.warn(line), ...why];
    }),
  ];
}

/** The same for machines. */
export function runListDocument(
  runs: readonly RunEntry[],
  running: ReadonlySet<SetId>,
): Readonly<Record<string, unknown>> {
  return {
    type: 'runs',
    runs: runs.map(({ id, group, startedAt, state, record }) => ({
      id,
      group,
      startedAt,
      state: state === 'unfinished' && running.has(id) ? 'running' : state,
      exit: record.result?.exit,
      because: record.result?.because,
      fault: record.result?.fault,
      faults: record.faults,
    })),
  };
}

export interface RunShown {
  readonly run: RunEntry;
  readonly running: ReadonlySet<SetId>;
  /** Of this run. */
  readonly leftovers: readonly Leftover[];
  /** Its log, for more. */
  readonly log: string;
}

/** A run that made no set: what it was to do, why it failed, its window, and what it may have left. */
export function showRunLines(shown: RunShown, paint: Paint = PLAIN): readonly string[] {
  const { run, running, leftovers, log } = shown;
  const { intent, window, result } = run.record;
  const guests = intent?.guests.map((guest) => guest.vm).join(', ');
  const arrays = intent?.arrays.map((array) => array.array).join(', ');
  const rows: readonly (readonly [string, string | undefined])[] = [
    ['Ended', endText(run, running)],
    ['Started', localTime(run.startedAt)],
    ['Finished', result === undefined ? undefined : localTime(new Date(result.finishedAt))],
    ['Label', intent?.label],
    ['Guests', guests],
    ['Arrays', arrays],
    ['Log', log],
  ];
  return [
    paint.strong(run.id),
    '',
    ...rows.flatMap(([name, value]) =>
      value === undefined ? [] : wrap(value, WIDTH, INDENT, `   ${name.padEnd(11)}`),
    ),
    ...section('Why', whyLines(run)),
    ...section('It may have left', leftovers.map(leftoverText)),
    ...(window === undefined ? [] : ['', ...drawWindow(window)]),
  ];
}

/** The same for machines. */
export function showRunDocument({ run, running, leftovers, log }: RunShown): Readonly<Record<string, unknown>> {
  const state = run.state === 'unfinished' && running.has(run.id) ? 'running' : run.state;
  return { type: 'run', id: run.id, group: run.group, state, leftovers, log, ...run.record };
}

/** 'array fast: snapshots of mail_db, and whatever else carries the label sp…; the run crashed or was killed (no result recorded)' */
export function leftoverText({ array, snapshots, label, why }: Leftover): string {
  // Many arrays name a snapshot by its label: the label once, and the volumes.
  const volumes = [...new Set(snapshots.map(({ source }) => source.name))];
  const seen = volumes.length === 0 ? 'whatever' : `snapshots of ${volumes.join(', ')}, and whatever else`;
  return `array ${array}: ${seen} carries the label ${label}; ${why}`;
}

const INDENT = ' '.repeat(14);

function section(title: string, texts: readonly string[]): readonly string[] {
  return texts.length === 0 ? [] : ['', title, ...texts.flatMap((text) => wrap(text, WIDTH, '     ', '   - '))];
}

function endText(run: RunEntry, running: ReadonlySet<SetId>): string {
  if (run.state === 'unfinished')
    return running.has(run.id)
      ? 'still going on'
      : `failed: it crashed or was killed (no result recorded)${howFar(run)}`;
  const { result } = run.record;
  return `${run.state}${result === undefined ? '' : ` (exit ${result.exit})`}`;
}

/** A run that died has not said where. Its guests' leases end by themselves, whatever it was. */
function howFar({ record }: RunEntry): string {
  if (record.window !== undefined) return ', after its window';
  return record.entries.some(({ type }) => type === 'opening') ? ', inside its window' : ', before its window';
}

function whyLines({ record }: RunEntry): readonly string[] {
  const { result, faults, window } = record;
  const held = (result?.mayBeHeld ?? []).map((vm) => `guest ${vm} may still be held`);
  const fault = result?.fault === undefined ? [] : [result.fault.message];
  const stopped = result === undefined && window?.stopped !== undefined ? [window.stopped.message] : [];
  // What may still appear is said of what is left, and not after its time.
  const because = (result?.because ?? []).filter((text) => result?.passing?.includes(text) !== true);
  return [...new Set([...held, ...fault, ...stopped, ...because, ...faults])];
}
