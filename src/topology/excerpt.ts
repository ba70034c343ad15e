import stringWidth from 'string-width';
import type { Finding, Place } from '../model.ts';

const COLUMNS = 80;
const INDENT = '    ';

/** A finding as people read it: where and what, the line with a caret, what to do. Lines without a newline at the end. */
export function excerpt(finding: Finding, columns = COLUMNS): string {
  const { at, severity, subject, message, hint } = finding;
  const where = at === undefined ? '' : `${at.file}:${at.line}:${at.column}: `;
  const about = subject === 'topology' ? '' : `${subject}: `;
  const lines = [`${where}${severity === 'error' ? '' : `${severity}: `}${about}${message}`];
  if (at !== undefined && at.text.trim() !== '') lines.push(...pointed(at, columns - INDENT.length));
  if (hint !== undefined) lines.push(...hint.split('\n').map((line) => INDENT + line));
  return lines.map(harmless).join('\n');
}

/** The line and a caret under the column, cut to `room` around the caret. */
function pointed({ text, column, caret = column }: Place, room: number): readonly string[] {
  const characters = [...text].map((character) => (character === '\t' ? ' ' : character));
  const target = Math.min(caret - 1, characters.length);
  const indent = characters.findIndex((character) => character !== ' ');
  // A long line is cut so that a third of the room is left for what follows the caret.
  const ahead = Math.min(characters.length - target, Math.floor(room / 3));
  const from = start(characters, Math.min(indent, target), target + ahead, room);
  const before = `${from > indent ? '…' : ''}${characters.slice(from, target).join('')}`;
  const after: string[] = [];
  let left = room - widthOf(before);
  for (const character of characters.slice(target, target + left + 1)) {
    left -= widthOf(character);
    after.push(character);
  }
  if (left < 0) {
    while (left < 1) left += widthOf(after.pop() ?? '');
    after.push('…');
  }
  return [`${INDENT}${before}${after.join('')}`, `${INDENT}${' '.repeat(widthOf(before))}^`];
}

/** Where to begin so that the line up to `end` fits, with a mark for what is left out. */
function start(characters: readonly string[], from: number, end: number, room: number): number {
  let first = Math.max(from, end - room);
  let width = widthOf(characters.slice(first, end).join('')) + (first > from ? 1 : 0);
  while (width > room) {
    width += (first === from ? 1 : 0) - widthOf(characters[first] ?? ' ');
    first += 1;
  }
  return first;
}

/** Columns that a terminal gives to a text, as it is printed. */
function widthOf(text: string): number {
  return stringWidth(harmless(text), { countAnsiEscapeCodes: true });
}

/** What a file says must not move the cursor. */
function harmless(line: string): string {
  return line.replace(/[\0-\x1F\x7F-\x9F]/g, '·');
}
