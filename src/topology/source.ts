import type { Finding, Place } from '../model.ts';
import type { Problem } from './problem.ts';
import { NO_RANGES, type Ranges } from './ranges.ts';
import { type VisibleLine, visibleLine } from './visible.ts';

/** The text of the file, to look places up in. */
export interface Source {
  /** As it is to be shown. */
  readonly file: string;
  readonly text: string;
  /** What of it may be shown; absent: it could not be parsed, and hardly anything. */
  readonly ranges?: Ranges;
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

function placesIn({ file, text, ranges = NO_RANGES }: Source): (offset: number) => Place {
  const lines = text.split('\n');
  const starts: number[] = [];
  let next = 0;
  for (const line of lines) {
    starts.push(next);
    next += line.length + 1;
  }
  const visible = new Map<number, VisibleLine>();
  const shown = (index: number): VisibleLine => {
    const line = visible.get(index) ?? visibleLine((lines[index] ?? '').replace(/\r$/, ''), starts[index] ?? 0, ranges);
    visible.set(index, line);
    return line;
  };
  return (offset) => {
    const index = lineAt(starts, offset);
    const start = starts[index] ?? 0;
    const line = shown(index);
    const column = columns(text.slice(start, offset)) + 1;
    const caret = columns(line.text.slice(0, line.columnOf(offset - start))) + 1;
    return { file, line: index + 1, column, text: line.text, ...(caret === column ? {} : { caret }) };
  };
}

function columns(text: string): number {
  return [...text].length;
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
