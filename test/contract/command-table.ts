import { parse } from 'yaml';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { command } from '../../src/arrays/command/driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { labelIn } from '../../src/label.ts';
import type { CutLabel, DeviceKey } from '../../src/model.ts';
import type { ArrayDriver, CommandResult } from '../../src/ports.ts';
import { patient } from '../patience.ts';

/** A vendor CLI that prints JSON. */
export const XCLI = `
local: true
parallel: 4
answers: cut
snapshot: { run: [xcli, snap-create, -vol, <volume>, -name, <snapshot>] }
find:     { run: [xcli, snap-list, -json], json: { rows: "$.snaps[*]", volume: vol, snapshot: name, id: uid, time: created } }
remove:   { run: [xcli, snap-delete, -name, <snapshot>], gone: '^not found' }
`;

export const LABEL = 'spaaaaaaaaaaaaa';

/** A driver whose commands answer from a table, by how they begin; anything else succeeds and says nothing. */
export function driverOver(
  yaml: string,
  answers: Record<string, string | CommandResult | Fault>,
  names = ['tank/db01-data', 'tank/files'],
) {
  const ran: (readonly string[])[] = [];
  const array = command('box', commandConfig.parse(parse(yaml)), {
    clock: systemClock,
    volumes: names.map((name, index) => ({ name, device: `naa.6${index}` as DeviceKey })),
    shell: async () => ({
      where: 'a table',
      async run(argv) {
        ran.push(argv);
        const known = Object.entries(answers).find(([start]) => argv.join(' ').startsWith(start))?.[1] ?? '';
        if (known instanceof Fault) throw known;
        return typeof known === 'string' ? { exit: 0, stdout: known, stderr: '' } : known;
      },
      start: () => Promise.reject(new Error('nothing is started here')),
      close: async () => {},
    }),
  });
  return { array, ran };
}

export async function volumes(array: ArrayDriver) {
  const found = await array.locate(['naa.60' as DeviceKey, 'naa.61' as DeviceKey], soon());
  return [...found.values()];
}

export function labelled(text: string): CutLabel {
  const found = labelIn(text);
  if (found === undefined) throw new Error(`${text} is no label`);
  return found;
}

export function soon() {
  return deadline(systemClock, patient(5000), 'the test');
}
