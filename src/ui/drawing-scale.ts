import type { WindowRecord } from '../model.ts';

/** Time as columns: the whole window over the width of the chart. */
export interface Scale {
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly columns: number;
}

export function scaleOf(record: WindowRecord, columns: number): Scale {
  const { openedAtMs } = record;
  return { openedAtMs, closedAtMs: Math.max(record.closedAtMs, openedAtMs + SHORTEST_MS), columns };
}

/**
 * A bar of the right length at the right place. The same rounding for every bar: what lies inside another in time never
 * lies outside it in the picture.
 *
 * @param signs its first, its middle and its last sign: '|=|'
 */
export function span(scale: Scale, fromMs: number, toMs: number, signs: string): string {
  const [open = '', middle = '', close = ''] = signs;
  const from = columnOf(scale, fromMs);
  const to = Math.max(from, columnOf(scale, toMs));
  // In one column there is room for one sign: what it is, unless how it ended matters more.
  const single = close === '|' ? open : close === ']' ? middle : close;
  const bar = to === from ? single : open + middle.repeat(to - from - 1) + close;
  return ' '.repeat(from) + bar;
}

/** '0 ms        40          80        118 ms', each number over its column. */
export function axis(scale: Scale): string {
  const totalMs = scale.closedAtMs - scale.openedAtMs;
  const [unit, inUnit] = totalMs < IN_SECONDS_MS ? ['ms', 1] : ['s', 1000];
  const last = `${rounded(totalMs / inUnit)} ${unit}`;
  const lastAt = columnOf(scale, scale.closedAtMs);
  let line = `0 ${unit}`;
  const step = niceStep(totalMs / TICKS);
  for (let at = step; at < totalMs; at += step) {
    const text = rounded(at / inUnit);
    const column = columnOf(scale, scale.openedAtMs + at);
    if (column < line.length + 2 || column + text.length + 2 > lastAt) continue;
    line = line.padEnd(column) + text;
  }
  return `${line.padEnd(Math.max(lastAt, line.length + 2))}${last}`;
}

const SHORTEST_MS = 1;
const IN_SECONDS_MS = 10_000;
const TICKS = 3;
const NICE = [1, 2, 2.5, 4, 5, 10];

function columnOf(scale: Scale, ms: number): number {
  const share = (ms - scale.openedAtMs) / (scale.closedAtMs - scale.openedAtMs);
  return Math.min(scale.columns - 1, Math.max(0, Math.floor(share * scale.columns)));
}

function niceStep(atLeast: number): number {
  const power = 10 ** Math.floor(Math.log10(atLeast));
  return power * (NICE.find((step) => step * power >= atLeast) ?? 10);
}

function rounded(value: number): string {
  return String(Number(value.toFixed(value < 100 ? 1 : 0)));
}
