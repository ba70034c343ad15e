import type { Choice } from './points.ts';
import type { Row } from './sweep.ts';

/** The table of a sweep, as it grows. */
const WIDTHS = { nth: 5, place: 62, wrote: 9, mended: 34 } as const;

export function title(act: string, tried: number, all: number, inWindow: number, choice: Choice): string {
  const { sample, part, of } = choice;
  const drawn = sample === undefined ? 'all of them' : `some drawn by ${sample.from}, and all of the window`;
  const how = `${drawn}, part ${part} of ${of}`;
  const head = line('', 'killed', 'wrote', 'mend', 'next run');
  return `\n${act}: ${all} points, ${inWindow} in the window; ${how}: ${tried}\n${head}`;
}

export function rowLine(nth: number, row: Row): string {
  const wrote = Number.isFinite(row.wroteAfterMs) ? `${Math.round(row.wroteAfterMs)} ms` : 'never';
  const own = line(`${nth}`, row.place, wrote, row.mended, row.next);
  return [own, ...row.bad.map((text) => `       BAD: ${text}`)].join('\n');
}

/** Longest and usual: what a person wants to know of all rows. */
export function summary(rows: readonly Row[]): string {
  const wrote = rows.map(({ wroteAfterMs }) => wroteAfterMs).sort((a, b) => a - b);
  const tookMs = rows.reduce((sum, row) => sum + row.tookMs, 0);
  const median = wrote[Math.floor(wrote.length / 2)] ?? 0;
  return (
    `guests wrote ${Math.round(median)} ms after a kill (median), ${Math.round(wrote.at(-1) ?? 0)} ms at the most; ` +
    `${(tookMs / 1000 / Math.max(1, rows.length)).toFixed(1)} s a point`
  );
}

function line(nth: string, place: string, wrote: string, mended: string, next: string): string {
  return [
    nth.padStart(WIDTHS.nth),
    place.padEnd(WIDTHS.place),
    wrote.padStart(WIDTHS.wrote),
    mended.padEnd(WIDTHS.mended),
    next,
  ].join('  ');
}
