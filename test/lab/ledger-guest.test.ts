import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ledgerTextAt } from '../../src/ledger/files.ts';
import { LEDGER_FILE } from '../../src/ledger/record.ts';
import { judgeLedger } from '../../src/ledger/rule.ts';
import { needs } from '../needs.ts';
import { type Running, start } from './end-to-end/kit/cli.ts';
import { SYSTEM_PATH } from './end-to-end/kit/shims.ts';
import type { LabGuest } from './kit/guest.ts';
import { diskAt } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';
import { attempt } from './kit/programs.ts';

const MOUNTS = ['/srv/a', '/srv/b'] as const;

needs(
  ...GUEST,
  'ssh',
  'sudo',
)('the built program that has a ledger written in a guest, over its login', () => {
  let lab: Lab;
  let guest: LabGuest;
  beforeAll(async () => {
    lab = openLab();
    guest = await lab.guest('app01', {
      mounts: Object.fromEntries(MOUNTS.map((mount) => [mount, {}])),
      sudoers: 'ops ALL=(root) NOPASSWD: ALL\n',
    });
    const { address, ssh, knownHosts } = guest;
    const login = `{ host: ${address}, user: ops, key: ${ssh.key}, knownHosts: ${knownHosts}, config: false }`;
    const minimal = readFileSync(new URL('../../examples/minimal.yaml', import.meta.url), 'utf8');
    writeFileSync(
      join(lab.folder, 'stillpoint.yaml'),
      minimal.replace('{ host: app01.corp.example, user: stillpoint }', login),
    );
  });
  afterAll(async () => {
    for (const mount of MOUNTS) await diskAt(guest, mount).thaw();
    await lab.close();
  });

  function write(...flags: readonly string[]): Running {
    return start(['ledger', 'write', '--vm', 'app01', ...MOUNTS, ...flags], {
      cwd: lab.folder,
      env: { PATH: SYSTEM_PATH, STILLPOINT_HOME: lab.folder, VC_PASSWORD: 'none is asked' },
      through: lab.inController,
    });
  }
  const fileOn = (mount: string): string => join(diskAt(guest, mount).here, LEDGER_FILE);
  const judged = async () =>
    judgeLedger(await Promise.all(MOUNTS.map((mount) => ledgerTextAt(diskAt(guest, mount).here))));

  test('writes as root where the login may not, and says how much', async () => {
    const { exit, stdout, stderr } = await write('--for', '1s').ended;
    expect({ exit, stderr }).toMatchObject({ exit: 0, stderr: expect.stringContaining('is written on') });
    const [, ledger, records] = /^ledger ([0-9a-f]{16}) {2}(\d+) records in .* {2}2 volumes\n$/.exec(stdout) ?? [];
    expect(await judged()).toMatchObject({ answer: 'one-instant', ledger, highest: Number(records) });
    expect(MOUNTS.map((mount) => statSync(fileOn(mount)).uid)).toEqual([0, 0]);
  });

  test('ends in the guest when it is killed here', async () => {
    const running = write();
    await running.says('is written on');
    expect(guest.processes('python3')).not.toEqual([]);
    running.signal('SIGKILL');
    await running.ended;
    await expect.poll(() => guest.processes(), { timeout: 20_000 }).toEqual([]);
  });

  test('is held by a freeze as any writer is, holds none up, and goes on after it', async () => {
    const running = write('--every', '0ms');
    await running.says('is written on');
    const disk = diskAt(guest, MOUNTS[0]);
    expect(await attempt('fsfreeze', ['-f', disk.here])).toMatchObject({ exit: 0 });
    // At the most the one record that was on its way to the other disk.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const still = (await judged()).highest;
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect((await judged()).highest).toBe(still);
    expect(await disk.thaw()).toBe('was frozen');
    await expect.poll(async () => (await judged()).highest, { timeout: 20_000 }).toBeGreaterThan(still);
    running.signal('SIGINT');
    expect(await running.ended).toMatchObject({ exit: 130, stdout: expect.stringContaining('records in') });
    expect(await judged()).toMatchObject({ answer: 'one-instant' });
  });

  test.each([
    [['--vm', 'app02'], 'has no VM app02'],
    [['--vm', 'app1'], 'Did you mean app01?'],
  ])('%j is no guest of the topology: 2', async (flags, message) => {
    const { exit, stderr } = await write(...flags).ended;
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
  });
});
