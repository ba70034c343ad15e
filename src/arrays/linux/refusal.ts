import { EXIT, Fault } from '../../base/fault.ts';
import type { CutUnit } from '../../model.ts';
import { unitName } from '../armed.ts';
import { reasonFor } from '../reasons.ts';

/** Why a unit was certainly not taken. */
export function refusal(unit: CutUnit, exit: number, said: string): Fault {
  const known = reasonFor(exit, said);
  return new Fault({
    code: known?.code ?? 'array.refused',
    message: `array ${unit.array}: snapshot of ${unitName(unit)} refused (exit ${exit})${said === '' ? '' : `: ${said}`}`,
    hint: known?.hint ?? 'Try the same there by hand.',
    exit: EXIT.windowFailed,
  });
}
