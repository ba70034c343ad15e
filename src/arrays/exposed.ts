import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import { settle } from '../base/gather.ts';
import type { ArraySnapshot } from '../model.ts';
import type { Exposed, Shell } from '../ports.ts';

/** Where snapshots are files that can be read where they lie: nothing is made, and so there is nothing to take away. */
export function inPlace(shell: Shell, image: string): Exposed {
  return { shell, image, withdraw: async () => {} };
}

/** Where something has to be made: a show that failed, or whose answer was lost, may have made it all the same. */
export async function making(
  show: (deadline: Deadline) => Promise<Pick<Exposed, 'shell' | 'image'>>,
  withdraw: Exposed['withdraw'],
  deadline: Deadline,
): Promise<Exposed> {
  try {
    return { ...(await show(deadline)), withdraw };
  } catch (thrown) {
    const limit = deadline.afresh(WITHDRAW_MS, 'taking away what was shown');
    await settle(() => withdraw(limit));
    limit.done();
    throw thrown;
  }
}

/** Beyond the deadline, which is over by then as a rule: short. */
const WITHDRAW_MS = 2_000;

export function notThere({ array, name, source }: ArraySnapshot): Fault {
  return new Fault({
    code: 'array.snapshot-gone',
    message: `array ${array}: snapshot ${name} of ${source.name} is not there`,
    hint: 'Somebody removed it: a set is no longer whole without it.',
  });
}
