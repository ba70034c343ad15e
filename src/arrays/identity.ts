import { Fault } from '../base/fault.ts';
import { labelIn } from '../label.ts';
import type { ArraySnapshot, CutLabel } from '../model.ts';

/**
 * Whether what stands on the array under the name of `ours` is still the very snapshot that we took. False: nothing is
 * there, and there is nothing to remove. Anything that differs is a Fault: it is not ours, and stays.
 *
 * @param there what the array shows under that name, now
 * @param labelOf where this make carries the label; default: at the beginning of the name
 */
export function stillOurs(
  ours: ArraySnapshot,
  there: ArraySnapshot | undefined,
  labelOf: (snapshot: ArraySnapshot) => CutLabel | undefined = ({ name }) => labelIn(name),
): there is ArraySnapshot {
  if (labelOf(there ?? ours) !== ours.label) throw notOurs(ours, `it does not carry the label ${ours.label}`);
  if (there === undefined) return false;
  if (there.source.id !== ours.source.id) {
    throw notOurs(ours, `it is of volume ${there.source.name} (${there.source.id}), ours was of ${ours.source.id}`);
  }
  if (there.id !== ours.id) throw notOurs(ours, `its id is ${there.id}, ours was ${ours.id}`);
  return true;
}

function notOurs(ours: ArraySnapshot, how: string): Fault {
  return new Fault({
    code: 'array.not-ours',
    message: `array ${ours.array}: snapshot ${ours.name} of ${ours.source.name} is not the one that we took: ${how}`,
    hint: 'Look at it on the array. It was left as it is; remove it there by hand if it is not wanted.',
  });
}
