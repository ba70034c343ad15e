import type { Checked } from '../flows/check.ts';
import { type Paint, PLAIN } from './paint.ts';
import { pad, WIDTH, widthOf, wrap } from './text.ts';

const WIDEST_SUBJECT = 24;

/** One line a thing, what does not stand first, each with its remedy below; then how many stand. */
export function checkLines(checked: readonly Checked[], paint: Paint = PLAIN): readonly string[] {
  const widest = Math.min(WIDEST_SUBJECT, Math.max(0, ...checked.map(({ subject }) => widthOf(subject))));
  const lines = checked.flatMap((thing) => {
    const mark = thing.stands ? (thing.warns === true ? paint.warn('!') : paint.good('✓')) : paint.bad('✗');
    const indent = ' '.repeat(4 + widest + 2);
    const [first = '', ...more] = wrap(thing.message, WIDTH, indent, `    ${pad(thing.subject, widest)}  `);
    const hint = thing.hint === undefined ? [] : wrap(thing.hint, WIDTH, `${indent}  `, `${indent}→ `);
    return [`  ${mark}${first.slice(3)}`, ...more, ...hint];
  });
  const fallen = checked.filter(({ stands }) => !stands).length;
  const standing = `${checked.length - fallen} stand`;
  return [...lines, '', fallen === 0 ? standing : `${standing}, ${fallen} ${fallen === 1 ? 'does' : 'do'} not`];
}

/** The same for machines. */
export function checkDocument(checked: readonly Checked[]): Readonly<Record<string, unknown>> {
  const fallen = checked.filter(({ stands }) => !stands).length;
  return { type: 'check', stand: checked.length - fallen, fall: fallen, checked };
}
