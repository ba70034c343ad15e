import type { Finding, Place } from '../model.ts';
import type { Problem } from './problem.ts';
import { secretBegins } from './secret-key.ts';

/** The text of the file, to look places up in. */
export interface Source {
  /** As it is to be shown. */
  readonly file: string;
  readonly text: string;
  /** Offsets between which secrets stand, never part of a place's text; absent: not parsed, so told by their look. */
  readonly secrets?: readonly { readonly start: number; readonly end: number }[];
}

/** More than that nobody reads before mending the first. */
const MOST_FINDINGS = 200;

/** Problems as findings, in the order of the file; what an alias brings to many is told once, where it stands. */
export function findingsOf(problems: readonly Problem[], source: Source): readonly Finding[] {
  const distinct = new Map<string, Problem>();
  for (const problem of problems) {
    const id = `${problem.offset} ${problem.message}`;
    if (!distinct.has(id)) distinct.set(id, problem);
  }
  const sorted = [...distinct.values()].sort((a, b) => (a.offset ?? -1) - (b.offset ?? -1));
  const placed = placesIn(source);
  const findings = sorted
    .slice(0, MOST_FINDINGS)
    .map(
      ({ offset, ...said }): Finding =>
        offset === undefined
          ? { ...said, message: `${source.file}: ${said.message}` }
          : { ...said, at: placed(offset) },
    );
  const more = sorted.length - findings.length;
  if (more === 0) return findings;
  const said = { code: 'topology.more', severity: 'error', subject: 'topology' } as const;
  return [...findings, { ...said, message: `${source.file}: ${more} more findings` }];
}

function placesIn({ file, text, secrets }: Source): (offset: number) => Place {
  const lines = text.split('\n');
  const starts: number[] = [];
  let next = 0;
  for (const line of lines) {
    starts.push(next);
    next += line.length + 1;
  }
  const shown = (index: number): string => {
    const line = (lines[index] ?? '').replace(/\r$/, '');
    const start = starts[index] ?? 0;
    const within = secrets?.filter((secret) => secret.start < start + line.length && secret.end > start);
    const begins = within?.map((secret) => Math.max(0, secret.start - start)) ?? [
      secretBegins(line, lines[index - 1] ?? '') ?? line.length,
    ];
    const end = Math.min(line.length, ...begins);
    return end < line.length ? `${line.slice(0, end)}***` : line;
  };
  return (offset) => {
    const index = lineAt(starts, offset);
    const before = text.slice(starts[index] ?? 0, offset);
    return { file, line: index + 1, column: [...before].length + 1, text: shown(index) };
  };
}

/** The last line that begins at or before the offset. */
function lineAt(starts: readonly number[], offset: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
