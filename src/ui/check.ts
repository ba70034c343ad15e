import type { Checked } from '../flows/check/check.ts';
import { type Paint, PLAIN } from './paint.ts';
import { marks, thingLines } from './things.ts';

/** One line a thing, what does not stand first, each with its remedy below; then how many stand. */
export function checkLines(checked: readonly Checked[], paint: Paint = PLAIN): readonly string[] {
  const { good, warning, bad } = marks(paint);
  const lines = thingLines(
    checked.map((thing) => ({ ...thing, mark: thing.stands ? (thing.warns === true ? warning : good) : bad })),
  );
  const fallen = checked.filter(({ stands }) => !stands).length;
  const standing = `${checked.length - fallen} stand`;
  return [...lines, '', fallen === 0 ? standing : `${standing}, ${fallen} ${fallen === 1 ? 'does' : 'do'} not`];
}

/** The same for machines. */
export function checkDocument(checked: readonly Checked[]): Readonly<Record<string, unknown>> {
  const fallen = checked.filter(({ stands }) => !stands).length;
  return { type: 'check', stand: checked.length - fallen, fall: fallen, checked };
}
