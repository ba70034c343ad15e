import { Fault } from '../base/fault.ts';
import type { ArraySnapshot } from '../model.ts';
import type { Exposed, Shell } from '../ports.ts';

/** Where snapshots are files that can be read where they lie: nothing is made, and so there is nothing to take away. */
export function inPlace(shell: Shell, image: string): Exposed {
  return { shell, image, withdraw: async () => {} };
}

export function notThere({ array, name, source }: ArraySnapshot): Fault {
  return new Fault({
    code: 'array.snapshot-gone',
    message: `array ${array}: snapshot ${name} of ${source.name} is not there`,
    hint: 'Somebody removed it: a set is no longer whole without it.',
  });
}
