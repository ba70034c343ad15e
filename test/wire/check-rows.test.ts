import { expect, test } from 'vitest';
import { commandConfig } from '../../src/arrays/command/config.ts';
import { command } from '../../src/arrays/command/driver.ts';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { check } from '../../src/flows/check/check.ts';
import type { World } from '../../src/flows/survey.ts';
import type { ArrayDriver } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { checkDocument, checkLines } from '../../src/ui/check.ts';
import { patient } from '../patience.ts';

/** An array whose `list` prints one volume and a word of welcome, and which tells no id and no time. */
function printing(id: string): ArrayDriver {
  const settings = commandConfig.parse({
    local: true,
    answers: 'accepted',
    snapshot: { run: ['true', '<volume>@<snapshot>'] },
    find: { run: ['printf', ''], row: '^(?<volume>[^@]+)@(?<snapshot>.+)$' },
    remove: { run: ['true', '<volume>@<snapshot>'], gone: 'none' },
    list: { run: ['printf', 'Welcome!\nvolume mail_db\n'], row: '^volume (?<volume>\\S+)$' },
  });
  return command(id, settings, { clock: systemClock, shell: async () => localShell(), volumes: [] });
}

test('check shows how the lines of every command array were understood, for people and for machines', async () => {
  const drivers = new Map(['fast', 'bulk'].map((id) => [id, printing(id)]));
  const limit = deadline(systemClock, patient(30_000), 'checking');
  // Without groups nothing else is asked.
  const lines = await check({ drivers, guests: new Map() } as unknown as World, [], limit);
  limit.done();
  const text = checkLines(lines).join('\n').replaceAll(/\s+/g, ' ');
  for (const array of drivers.keys()) {
    expect(text).toContain(`✓ array ${array} list understands 1 row, the first: volume=mail_db`);
    expect(text).toContain(`✓ array ${array} find understands 0 rows`);
    expect(text).toContain(`✓ array ${array} find tells no time of a snapshot`);
    expect(text).toContain(`! array ${array} list prints a line that its row does not match: Welcome!`);
    expect(text).toContain(`! array ${array} nothing says when a snapshot is taken: a set of one cut unit is crash at`);
  }
  expect(checkDocument(lines)).toMatchObject({
    fall: 0,
    checked: expect.arrayContaining([
      {
        code: 'array.rows',
        subject: 'array bulk',
        message: 'list understands 1 row, the first: volume=mail_db',
        stands: true,
      },
    ]),
  });
});
