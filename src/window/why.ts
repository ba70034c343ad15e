import { defined } from '../base/defined.ts';
import { Fault } from '../base/fault.ts';
import type { ArrayId, CutUnit, VmName } from '../model.ts';

/** Why a window was stopped, or a unit has no answer: for the record, and for whoever reads it. */

export function lineLost(vm: VmName): Fault {
  return new Fault({ code: 'guest.line-lost', message: `guest ${vm}: the line was lost while it was held` });
}

export function notHeld(vm: VmName): Fault {
  return new Fault({ code: 'guest.not-held', message: `guest ${vm} was not held in time` });
}

export function noFence(array: ArrayId): Fault {
  return new Fault({ code: 'array.no-fence', message: `array ${array} has no write hold of its own` });
}

/** A driver's own words name its array already. */
export function said(array: ArrayId, why: Fault): Fault {
  const subject = `array ${array}`;
  return why.message.startsWith(`${subject}: `) ? why : why.of(subject);
}

export function noAnswer({ array, volumes }: CutUnit, cause?: Fault): Fault {
  const names = volumes.map(({ name }) => name).join(', ');
  const because = cause === undefined ? '' : `: ${cause.message}`;
  return new Fault({
    code: 'array.no-answer',
    message: `array ${array}: the snapshot of ${names} was asked for, and no answer came in time${because}`,
    hint: 'It may exist, or still appear. It is looked for by its label, never asked for again.',
    ...defined({ cause }),
  });
}

export function tooLate(needMs: number, leftMs: number): Fault {
  return new Fault({
    code: 'window.too-late',
    message: `the snapshots may take ${Math.round(needMs)} ms, and ${Math.round(leftMs)} ms of the window are left for them`,
    hint: 'Set a longer `window` for the group, or see in `stillpoint show` which guest was slow.',
  });
}
