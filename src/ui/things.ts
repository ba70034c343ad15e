import type { Paint } from './paint.ts';
import { hintLines, pad, WIDTH, widthOf, wrap } from './text.ts';

/** One thing that was looked at. */
export interface Thing {
  /** One column. */
  readonly mark: string;
  readonly subject: string;
  readonly message: string;
  readonly hint?: string;
}

const WIDEST_SUBJECT = 24;

/** One line a thing, its remedy below. */
export function thingLines(things: readonly Thing[]): readonly string[] {
  const widest = Math.min(WIDEST_SUBJECT, Math.max(0, ...things.map(({ subject }) => widthOf(subject))));
  return things.flatMap(({ mark, subject, message, hint }) => {
    const indent = ' '.repeat(4 + widest + 2);
    const [first = '', ...more] = wrap(message, WIDTH, indent, `    ${pad(subject, widest)}  `);
    const remedy = hint === undefined ? [] : hintLines(hint, `${indent}  `, `${indent}→ `);
    return [`  ${mark}${first.slice(3)}`, ...more, ...remedy];
  });
}

/** The marks; each says without colour what it means. */
export function marks(paint: Paint) {
  return { good: paint.good('✓'), warning: paint.warn('!'), unknown: paint.warn('?'), bad: paint.bad('✗'), open: '·' };
}
