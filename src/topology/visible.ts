import { isOwnWord } from './harmless.ts';
import type { Range, Ranges } from './ranges.ts';

/** A line as it may be shown. */
export interface VisibleLine {
  readonly text: string;
  /** Where a character of the file's own line stands in it. */
  columnOf(index: number): number;
}

const MASK = '***';

interface Piece {
  /** Characters of the file's own line. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/**
 * A line with only what is proved harmless in it: keys, values of keys that hold no secret, words of this file's own
 * language, and the signs between them. Everything else is `***`, and a comment is left out.
 */
export function visibleLine(line: string, start: number, { shown, hidden }: Ranges): VisibleLine {
  const pieces: Piece[] = [];
  let from = 0;
  const known = [
    ...within(shown, line, start).filter((range) => !within(hidden, line, start).some((one) => overlap(one, range))),
    ...within(hidden, line, start).map((range) => ({ ...range, mask: true })),
  ].sort((a, b) => a.start - b.start || a.end - b.end);
  for (const range of known) {
    if (range.end <= from) continue;
    pieces.push(...unknown(line, from, range.start));
    const at = Math.max(from, range.start);
    pieces.push({ from: at, to: range.end, text: 'mask' in range ? MASK : line.slice(at, range.end) });
    from = range.end;
  }
  pieces.push(...unknown(line, from, line.length));
  return { text: pieces.map(({ text }) => text).join(''), columnOf: (index) => columnIn(pieces, index) };
}

function columnIn(pieces: readonly Piece[], index: number): number {
  let column = 0;
  for (const { from, to, text } of pieces) {
    if (index < to) return column + (text.length === to - from ? Math.max(0, index - from) : 0);
    column += text.length;
  }
  return column;
}

/** The ranges as far as they lie in the line, from its first character on. */
function within(ranges: readonly Range[], line: string, start: number): readonly Range[] {
  return ranges
    .filter((range) => range.start < start + line.length && range.end > start)
    .map((range) => ({ start: Math.max(0, range.start - start), end: Math.min(line.length, range.end - start) }));
}

function overlap(a: Range, b: Range): boolean {
  return a.start < b.end && b.start < a.end;
}

/** What no value explains: signs of YAML, a comment, a tag, or a part that could not be read. */
function unknown(line: string, from: number, to: number): readonly Piece[] {
  const pieces: Piece[] = [];
  for (const { 0: text, index } of line.slice(from, Math.max(from, to)).matchAll(/[\s:,[\]{}-]+|[^\s:,[\]{}-]+/g)) {
    const at = from + index;
    if (text.startsWith('#') && /(?:^|\s)$/.test(line.slice(0, at))) {
      pieces.push({ from: at, to: line.length, text: '' });
      break;
    }
    const isSign = /^[\s:,[\]{}-]/.test(text);
    pieces.push({ from: at, to: at + text.length, text: isSign || isOwnWord(text) ? text : MASK });
  }
  return pieces;
}
