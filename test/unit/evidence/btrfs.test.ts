import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { deadline } from '../../../src/base/deadline.ts';
import { btrfsCheck } from '../../../src/evidence/btrfs.ts';
import type { Check } from '../../../src/evidence/evidence.ts';
import type { CommandResult, Shell } from '../../../src/ports.ts';

async function checked(result: CommandResult): Promise<Check> {
  const shell: Shell = {
    where: 'fast',
    run: async () => result,
    start: () => Promise.reject(new Error('nobody speaks to it')),
    close: async () => {},
  };
  const limit = deadline(systemClock, 1000, 'the test');
  try {
    return await btrfsCheck({ kind: 'btrfs', hasLog: false, devices: 1 }, { shell, image: '/copy' }, limit);
  } finally {
    limit.done();
  }
}

test('only what `btrfs check` says of errors are errors: one that was killed has not looked', async () => {
  expect(await checked({ exit: 0, stdout: '', stderr: '' })).toMatchObject({ kind: 'sound' });
  expect(await checked({ exit: 1, stdout: '', stderr: 'ERROR: errors found in fs roots\n' })).toMatchObject({
    kind: 'errors',
    says: 'ERROR: errors found in fs roots',
  });
  expect(await checked({ exit: 137, stdout: '', stderr: '' })).toEqual({
    kind: 'not-looked-at',
    because: 'btrfs check --readonly ended with 137',
  });
});
