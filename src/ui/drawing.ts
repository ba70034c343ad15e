import { count } from '../base/count.ts';
import { seconds } from '../base/deadline.ts';
import type { FireRecord, HoldRecord, WindowRecord } from '../model.ts';
import { axis, type Scale, scaleOf, span } from './drawing-scale.ts';
import { pad, shorten, WIDTH, widthOf, wrap } from './text.ts';

export interface DrawingOptions {
  readonly width?: number;
  readonly title?: string;
}

/** A line of the drawing: who, in which state, the bar, what is said after it, and what is said below it. */
interface Row {
  readonly name: string;
  readonly state: string;
  readonly bar: string;
  readonly after?: string;
  readonly below?: string;
}

const INDENT = '     ';
/** Right of the chart: '  1.24 s', '  refused'. */
const ROOM_AFTER = 12;
const NARROWEST_CHART = 12;
/** More rows than this are folded. */
const GUESTS_SHOWN = 12;

/**
 * A window as a picture, one line a guest and one an array, in columns of time. A hold is drawn from its confirmation
 * to the moment its release was sent: that is how long it is known to have stood.
 */
export function drawWindow(record: WindowRecord, options: DrawingOptions = {}): readonly string[] {
  const { width = WIDTH, title = 'The window' } = options;
  const named = namesOf(record);
  const nameWidth = Math.min(22, Math.max(9, ...named.map(widthOf))) + 2;
  const left = INDENT.length + nameWidth + STATE_WIDTH;
  const scale = scaleOf(record, Math.max(NARROWEST_CHART, width - left - ROOM_AFTER));
  const rows = [...guestRows(record, scale), ...fenceRows(record, scale), ...arrayRows(record, scale)];
  const lines = rows.flatMap((row) => {
    const head = INDENT + pad(shorten(row.name, nameWidth - 2), nameWidth) + pad(row.state, STATE_WIDTH);
    const after = row.after === undefined ? '' : `  ${row.after}`;
    const below = row.below === undefined ? [] : wrap(row.below, width, `${INDENT}  `);
    return [`${head}${row.bar}${after}`.trimEnd(), ...below];
  });
  const stopped = record.stopped === undefined ? [] : wrap(`Stopped: ${record.stopped.message}`, width, '   ');
  const nothing = rows.length === 0 ? [`${INDENT}${emptyText(record)}`] : [];
  return [`${pad(`   ${title}`, left)}${axis(scale)}`.trimEnd(), ...lines, ...nothing, ...stopped];
}

/** A run that died has left no record: that is no record of nothing. */
function emptyText({ stopped }: WindowRecord): string {
  return stopped?.code === 'run.died'
    ? 'no record of who was held, nor of when the snapshots were taken'
    : 'nobody was held, and nothing was taken';
}

/** What the picture shows, in words, where it shows a whole proof; undefined where it does not. */
export function proofOf(record: WindowRecord): string | undefined {
  const sent = Math.min(...record.fires.map((fire) => fire.sentAtMs));
  const answered = Math.max(...record.fires.map((fire) => fire.answeredAtMs ?? Number.POSITIVE_INFINITY));
  const stood = record.holds.every(
    ({ heldAtMs, releaseSentAtMs, release }) =>
      release === 'kept' &&
      heldAtMs !== undefined &&
      releaseSentAtMs !== undefined &&
      heldAtMs <= sent &&
      releaseSentAtMs >= answered,
  );
  const cut = record.fires.length > 0 && record.fires.every((fire) => fire.outcome === 'cut');
  // A guest snapshot is no hold: the picture shows nothing of its VM.
  if (!cut || !stood || record.holds.length === 0 || record.stopped !== undefined) return undefined;
  if ((record.guestSnapshots ?? []).length > 0) return undefined;
  return 'Every snapshot was taken while every guest was held, and every guest confirmed its hold at release: this is the proof.';
}

const STATE_WIDTH = 16;

function namesOf(record: WindowRecord): readonly string[] {
  return [...record.holds.map((hold) => hold.vm), ...record.fires.map((fire) => fire.array)];
}

// ---- guests

function guestRows(record: WindowRecord, scale: Scale): readonly Row[] {
  const { holds } = record;
  const rowOf = (hold: HoldRecord): Row => holdRow(hold, stagesOf(hold, record), scale);
  if (holds.length <= GUESTS_SHOWN) return holds.map(rowOf);
  const odd = holds.filter((hold) => !isOrdinary(hold));
  const ordinary = holds.filter(isOrdinary);
  const tightest = [extreme(ordinary, lastHeld), extreme(ordinary, firstLetGo)].filter((hold) => hold !== undefined);
  const shown = new Set([...tightest, ...odd.slice(0, GUESTS_SHOWN)]);
  const folded = ordinary.filter((hold) => !shown.has(hold));
  const more = odd.length - Math.min(odd.length, GUESTS_SHOWN);
  return [
    ...holds.filter((hold) => shown.has(hold)).map(rowOf),
    ...(folded.length === 0 ? [] : [foldedRow(folded, scale)]),
    ...(more === 0 ? [] : [{ name: `${more} more`, state: 'not as it should', bar: '' }]),
  ];
}

/** The part of the window in which all of them were still: the bar of the worst of them. */
function foldedRow(holds: readonly HoldRecord[], scale: Scale): Row {
  const from = Math.max(...holds.map((hold) => hold.heldAtMs ?? 0));
  const to = Math.min(...holds.map((hold) => hold.releaseSentAtMs ?? 0));
  return { name: count(holds.length, 'other'), state: 'all held', bar: span(scale, from, to, '|=|') };
}

function holdRow(hold: HoldRecord, stages: number, scale: Scale): Row {
  const { vm: name, heldAtMs, releaseSentAtMs, release, why } = hold;
  const state = stages > 1 ? shorten(`held: ${hold.method}`, STATE_WIDTH - 2) : 'held';
  const below = why === undefined ? {} : { below: why };
  if (heldAtMs === undefined) {
    const end = releaseSentAtMs ?? scale.closedAtMs;
    return { name, state: 'not held', bar: span(scale, hold.sentAtMs, end, '. x'), ...below };
  }
  if (release === 'kept' && releaseSentAtMs !== undefined) {
    return { name, state, bar: span(scale, heldAtMs, releaseSentAtMs, '|=|'), ...below };
  }
  if (release === 'expired' || release === 'written') {
    const bar = span(scale, heldAtMs, releaseSentAtMs ?? scale.closedAtMs, '|=!');
    const doubt =
      release === 'written'
        ? 'a disk was written during its hold'
        : 'its hold is not proved to have lasted until its release';
    return { name, state, bar, below: `${doubt}${why === undefined ? '' : `: ${why}`}` };
  }
  const lease = `it releases itself within ${seconds(hold.leaseMs)} of being held`;
  return {
    name,
    state,
    bar: span(scale, heldAtMs, scale.closedAtMs, '|=?'),
    below: `its release is not confirmed; ${lease}${why === undefined ? '' : ` (${why})`}`,
  };
}

function stagesOf(hold: HoldRecord, record: WindowRecord): number {
  return record.holds.filter((other) => other.vm === hold.vm).length;
}

function isOrdinary(hold: HoldRecord): boolean {
  return hold.release === 'kept' && hold.heldAtMs !== undefined && hold.why === undefined;
}

function lastHeld(a: HoldRecord, b: HoldRecord): boolean {
  return (a.heldAtMs ?? 0) > (b.heldAtMs ?? 0);
}

function firstLetGo(a: HoldRecord, b: HoldRecord): boolean {
  return (a.releaseSentAtMs ?? 0) < (b.releaseSentAtMs ?? 0);
}

function extreme(
  holds: readonly HoldRecord[],
  before: (a: HoldRecord, b: HoldRecord) => boolean,
): HoldRecord | undefined {
  return holds.reduce<HoldRecord | undefined>(
    (top, hold) => (top === undefined || before(hold, top) ? hold : top),
    undefined,
  );
}

// ---- arrays

function fenceRows(record: WindowRecord, scale: Scale): readonly Row[] {
  return record.fences.map(({ array: name, sentAtMs, upAtMs, why }) => {
    const below = why === undefined ? {} : { below: why };
    if (upAtMs === undefined) {
      return { name, state: 'no write hold', bar: span(scale, sentAtMs, scale.closedAtMs, '. x'), ...below };
    }
    const commits = record.fires.filter((fire) => fire.array === name && fire.fenced);
    const end = Math.max(upAtMs, ...commits.map((fire) => fire.answeredAtMs ?? scale.closedAtMs));
    return { name, state: 'write hold', bar: span(scale, upAtMs, end, '|=|'), ...below };
  });
}

function arrayRows(record: WindowRecord, scale: Scale): readonly Row[] {
  const arrays = [...new Set(record.fires.map((fire) => fire.array))];
  return arrays.flatMap((array) => {
    const fires = record.fires.filter((fire) => fire.array === array);
    const cut = fires.filter((fire) => fire.outcome === 'cut');
    return [
      ...(cut.length === 0 ? [] : [cutRow(array, cut, scale)]),
      ...fires.flatMap((fire) => failedRow(fire, scale)),
    ];
  });
}

function cutRow(name: string, fires: readonly FireRecord[], scale: Scale): Row {
  const from = Math.min(...fires.map((fire) => fire.sentAtMs));
  const to = Math.max(...fires.map((fire) => fire.answeredAtMs ?? scale.closedAtMs));
  const state = fires.length === 1 ? 'snapshot' : count(fires.length, 'snapshot');
  return { name, state, bar: span(scale, from, to, '[#]'), after: seconds(to - from) };
}

function failedRow(fire: FireRecord, scale: Scale): readonly Row[] {
  const { array: name, outcome, sentAtMs, answeredAtMs = scale.closedAtMs, why } = fire;
  if (outcome === 'cut') return [];
  const said = outcome === 'refused' ? 'refused' : 'no answer';
  const bar = span(scale, sentAtMs, answeredAtMs, outcome === 'refused' ? '[#x' : '[#?');
  return [{ name, state: 'no snapshot', bar, after: said, below: `${fire.unit}: ${why ?? said}` }];
}
