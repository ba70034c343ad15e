import { createContext, Script } from 'node:vm';
import { Fault } from '../../base/fault.ts';

/** The groups that a match can have by name; undefined: this is no regular expression. */
export function groupsOf(source: string): readonly string[] | undefined {
  try {
    // With an empty alternative it matches anything, and the match shows all of its groups.
    return Object.keys(new RegExp(`${source}|`, 'u').exec('')?.groups ?? {});
  } catch {
    return undefined;
  }
}

/** More than any array has snapshots; each costs a match, and room for what it finds. */
export const MOST_ROWS = 100_000;

/** A line is read no further than this. */
const LONGEST_LINE = 4096;

/** What a line says by the names of groups. */
export interface Match {
  readonly groups: Readonly<Record<string, string>>;
  /** Where each group begins and ends in the line. */
  readonly at: Readonly<Record<string, readonly [number, number]>>;
}

/** Runs where it can be stopped: some expressions take for ever on some lines, and neither are ours. */
const MATCH = new Script(
  'JSON.stringify(lines.map((line) => { const hit = pattern.exec(line); ' +
    'return hit && { groups: { ...hit.groups }, at: { ...hit.indices.groups } }; }))',
);

/**
 * Matches each line; null where there is no match, or the line is too long.
 *
 * @param limitMs for all of them together; whoever waits for it waits that long at the most
 */
export function matchLines(source: string, lines: readonly string[], limitMs: number): readonly (Match | null)[] {
  if (lines.length > MOST_ROWS) throw tooManyRows(lines.length, 'lines');
  const pattern = new RegExp(source, 'du');
  const short = lines.map((line) => (line.length > LONGEST_LINE ? '' : line));
  try {
    const text: string = MATCH.runInContext(createContext({ pattern, lines: short }), { timeout: limitMs });
    const hits: readonly (Match | null)[] = JSON.parse(text);
    return hits.map((hit, index) => (lines[index] === short[index] ? hit : null));
  } catch (thrown) {
    throw new Fault({
      code: 'array.slow-pattern',
      message: `the expression ${source} took longer than ${limitMs} ms on ${lines.length} lines`,
      hint: 'Write it without a repetition inside a repetition, as in (a+)+.',
      cause: thrown,
    });
  }
}

export function tooManyRows(count: number, what: 'lines' | 'rows'): Fault {
  return new Fault({
    code: 'array.too-many-rows',
    message: `it printed ${count} ${what}; more than ${MOST_ROWS} are not read`,
    hint: 'Narrow the command down, to the snapshots whose names begin with sp for one.',
  });
}

/** Whether any line matches. */
export function anyLine(source: string, text: string, limitMs: number): boolean {
  return matchLines(source, text.split('\n'), limitMs).some((hit) => hit !== null);
}
