import stringWidth from 'string-width';

/** Lines as a terminal shows them: columns, not characters. */

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
/** Those that `paint.ts` makes, and no others: a name from outside could hide the rest of a line by one. */
const COLOUR = /\u001b\[(?:1|2|22|31|32|33|39)m/g;
const PLAIN_AGAIN = '\u001b[0m';
/** Controls, and signs that turn the order in which a line is read. */
const MOVES = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;
const REPLACED = '·';
/** Nearly every line of a long list: there is nothing to look for. */
const ASCII = /^[\x20-\x7e]*$/;

export const WIDTH = 80;

/** How many columns the text takes as it is printed: our colours take none, and what `harmless` replaces takes one. */
export function widthOf(text: string): number {
  if (ASCII.test(text)) return text.length;
  return stringWidth(text.replace(COLOUR, '').replace(MOVES, REPLACED), { countAnsiEscapeCodes: true });
}

/** The text with spaces up to the width. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Cut to the width, the last column an ellipsis. */
export function shorten(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let room = width - 1;
  let kept = '';
  for (const { segment: sign } of segmenter.segment(text)) {
    room -= widthOf(sign);
    if (room < 0) break;
    kept += sign;
  }
  return `${kept}…`;
}

/** Not between the program and its verb: what is to be typed stands in one line. */
const BREAK = /(?<!(?:^|[^\w-])stillpoint) /;

/** Broken between words. A word that is longer than a line stays whole: names and paths are copied. */
export function wrap(text: string, width: number, indent = '', first = indent): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(BREAK)) {
    const head = lines.length === 0 ? first : indent;
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(head) + widthOf(longer) > width) {
      lines.push(head + line);
      line = word;
    } else line = longer;
  }
  lines.push((lines.length === 0 ? first : indent) + line);
  return lines;
}

/** What to do, in its own lines. One that begins with a space is to be copied, and stays as it is. */
export function hintLines(hint: string, indent: string, first = indent): readonly string[] {
  return hint
    .split('\n')
    .flatMap((line, index) =>
      line.startsWith(' ') ? [indent + line] : wrap(line, WIDTH, indent, index === 0 ? first : indent),
    );
}

/** What a name from outside says must not move the cursor, ring, or rename the window. Colours may stay, to its end. */
export function harmless(line: string): string {
  if (ASCII.test(line)) return line;
  const colours = line.match(COLOUR) ?? [];
  const text = line
    .split(COLOUR)
    .map((part, index) => (colours[index - 1] ?? '') + part.replace(MOVES, REPLACED))
    .join('');
  return colours.length === 0 || /\[(?:22|39)m$/.test(colours.at(-1) ?? '') ? text : text + PLAIN_AGAIN;
}
