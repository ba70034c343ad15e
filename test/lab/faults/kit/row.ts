import { expect } from 'vitest';
import type { Found } from './found.ts';

/** One fault, and what came of it: a row of the table in docs/reliability.md. */
interface Row {
  readonly fault: string;
  readonly found: Pick<Found, 'exit' | 'state' | 'onArrays' | 'message'>;
  /** How long the guests stood still: `stood still 1.2 s`; or that they did not. */
  readonly guests: string;
  /** What must be in the message, and is what the row shows of it. */
  readonly says: readonly RegExp[];
  /** What `mend` says afterwards. */
  readonly mend: string;
}

const RUNS: Readonly<Record<string, string>> = {
  failed: 'failed run',
  unfinished: 'failed run, without a last word',
};

/** Printed by the test that saw it: `npm run faults | grep '^| '` is the table. */
export function tellRow({ fault, found, guests, says, mend }: Row): void {
  const { exit, state, onArrays, message } = found;
  const said = says.map((wanted) => {
    expect(message, fault).toMatch(wanted);
    return wanted.exec(message)?.[0] ?? '';
  });
  const snapshots = Object.values(onArrays).reduce((sum, count) => sum + count, 0);
  const cells = [
    fault,
    exit === null ? 'killed' : `${exit}`,
    guests,
    snapshots === 0 ? 'none' : `${snapshots} snapshots`,
    state.set === 'none' ? (RUNS[state.run] ?? state.run) : `${state.set} set`,
    said.length === 0 ? '—' : said.join(' … '),
    // What is another state folder's is not the run's.
    mend.replace(/\s*Of our form.*/s, ''),
  ];
  process.stdout.write(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`);
}

/** 'stood still 1.2 s' */
export function stoodStill(ms: number): string {
  return `stood still ${(ms / 1000).toFixed(2)} s`;
}
