import type { Checked } from '../flows/check/check.ts';
import { type Paint, PLAIN } from './paint.ts';
import { marks, thingLines } from './things.ts';

/** One line a thing, failures first, each with its remedy below; then how many of each there are. */
export function checkLines(checked: readonly Checked[], paint: Paint = PLAIN): readonly string[] {
  const { good, warning, bad } = marks(paint);
  const lines = thingLines(
    checked.map((thing) => ({ ...thing, mark: thing.stands ? (thing.warns === true ? warning : good) : bad })),
  );
  return [...lines, '', countLine(checked)];
}

/** The same for machines. */
export function checkDocument(checked: readonly Checked[]): Readonly<Record<string, unknown>> {
  const fallen = checked.filter(({ stands }) => !stands).length;
  return { type: 'check', stand: checked.length - fallen, fall: fallen, checked };
}

/** '3 passed, 8 warnings, 12 failed' */
function countLine(checked: readonly Checked[]): string {
  const failed = checked.filter(({ stands }) => !stands).length;
  const warnings = checked.filter(({ stands, warns }) => stands && warns === true).length;
  const parts = [
    `${checked.length - failed - warnings} passed`,
    ...(warnings === 0 ? [] : [`${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  return parts.join(', ');
}
