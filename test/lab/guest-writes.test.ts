import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Shell } from '../../src/ports.ts';
import { unwritable } from '../../src/quiesce/probe/writes.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { diskAt, within } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';
import { attempt } from './kit/programs.ts';

const MOUNTS = { '/srv/a': { type: 'ext4' }, '/srv/b': { type: 'xfs' }, '/srv/c': { type: 'btrfs' } } as const;

needs(
  ...GUEST,
  'mkfs.xfs',
  'mkfs.btrfs',
)('a guest that is asked whether it writes', () => {
  let lab: Lab;
  let guest: LabGuest;
  let shell: Shell;
  beforeAll(async () => {
    lab = openLab();
    guest = await lab.guest('asked', { mounts: MOUNTS });
    shell = await guest.shell(within(10_000));
  });
  afterEach(async () => {
    for (const path of Object.keys(MOUNTS)) await diskAt(guest, path).thaw();
  });
  afterAll(async () => {
    await shell.close();
    await lab.close();
  });

  test('names no mount point of one that does, and leaves nothing there', async () => {
    const before = Object.keys(MOUNTS).map((path) => readdirSync(diskAt(guest, path).here));
    expect(await unwritable(shell, within(10_000))).toEqual([]);
    expect(Object.keys(MOUNTS).map((path) => readdirSync(diskAt(guest, path).here))).toEqual(before);
  });

  test.each(Object.keys(MOUNTS))('names %s while it is frozen, and no longer than that', async (path) => {
    const disk = diskAt(guest, path);
    expect(await attempt('fsfreeze', ['-f', disk.here])).toMatchObject({ exit: 0 });
    expect(await unwritable(shell, within(10_000))).toEqual([path]);
    expect(await disk.thaw()).toBe('was frozen');
    expect(await unwritable(shell, within(10_000))).toEqual([]);
  });
});
