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
  if (hint !== undefined) lines.push(`${INDENT}${hint}`);
  return lines.map(harmless).join('\n');
}

/** The line and a caret under the column, cut to the width around the caret. */
function pointed({ text, column }: Place, room: number): readonly string[] {
  const characters = [...text].map((character) => (character === '\t' ? ' ' : character));
  const target = Math.min(column - 1, characters.length);
  const leading = characters.findIndex((character) => character !== ' ');
  let from = Math.max(0, Math.min(leading, target));
  let cut = '';
  while (widthOf(characters.slice(from, target + 1)) + widthOf([...cut]) > room - 1) {
    from += 1;
    cut = '…';
  }
  let to = characters.length;
  let tail = '';
  while (to > target + 1 && widthOf(characters.slice(from, to)) + cut.length + tail.length > room) {
    to -= 1;
    tail = '…';
  }
  const before = cut + characters.slice(from, target).join('');
  return [
    `${INDENT}${cut}${characters.slice(from, to).join('')}${tail}`,
    `${INDENT}${' '.repeat(widthOf([...before]))}^`,
  ];
}

/** Columns that a terminal gives to these characters. */
function widthOf(characters: readonly string[]): number {
  return characters.reduce((sum, character) => sum + (NONE.test(character) ? 0 : WIDE.test(character) ? 2 : 1), 0);
}

const NONE = /^(?:\p{Mn}|\p{Me}|\p{Cf})$/u;
const WIDE =
  /^(?:\p{Emoji_Presentation}|[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6])$/u;

/** What a file says must not move the cursor. */
function harmless(line: string): string {
  return line.replace(/[\0-\x1F\x7F-\x9F]/g, '·');
}
