import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { makeArray } from '../../src/demo/arrays.ts';
import { type DemoGuest, startGuest } from '../../src/demo/guest.ts';
import { readSpot, type Spot } from '../../src/demo/spot.ts';
import { newSshKey } from '../../src/demo/ssh-key.ts';
import type { Shell } from '../../src/ports.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { patient } from '../patience.ts';

const key = newSshKey();
const budget = () => deadline(systemClock, patient(10_000), 'the test');

const disk = { sizeBytes: 1n << 30n, wwid: 'naa.6000c290000000000000000000000001', fsType: 'ext4' };

let folder: string;
let guest: DemoGuest;
let boot: Spot;
let data: Spot;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-guest-'));
  const array = await makeArray(folder, { id: 'only', latencyMs: 0, volumes: ['boot', 'data'] });
  boot = { file: array.volume('boot'), offset: 512 };
  data = { file: array.volume('data'), offset: 0 };
  guest = await startGuest(folder, {
    name: 'mail01',
    biosUuid: '42000000-0000-4000-8000-000000000001',
    boot: { ...disk, target: 0, mount: '/var', spot: boot },
    data: { ...disk, target: 1, mount: '/srv/mail', spot: data },
    everyMs: 2,
    allowedKey: key.public,
  });
  writeFileSync(join(folder, 'id'), key.private, { mode: 0o600 });
});
afterEach(async () => {
  await guest.close();
  rmSync(folder, { recursive: true });
});

describe('a guest of the demo', () => {
  let shell: Shell;
  beforeEach(async () => {
    shell = await connectSsh(settings(), { deadline: budget() });
  });
  afterEach(() => shell.close());

  const run = (...argv: readonly string[]) => shell.run(argv, { deadline: budget() });

  test('writes the same number to both of its disks, the boot disk first', async () => {
    const before = await readSpot(data);
    await sleep(100);
    expect(await readSpot(data)).toBeGreaterThan(before);
    expect((await readSpot(boot)) - (await readSpot(data))).toBeLessThanOrEqual(1);
  });

  test('stands still from its freeze to its thaw', async () => {
    expect(await run('fsfreeze', '-f', '/srv/mail')).toMatchObject({ exit: 0 });
    const still = [await readSpot(boot), await readSpot(data)];
    await sleep(60);
    expect([await readSpot(boot), await readSpot(data)]).toEqual(still);
    expect([0, 1]).toContain((still[0] ?? 0) - (still[1] ?? 0));
    expect(await run('fsfreeze', '-u', '/srv/mail')).toMatchObject({ exit: 0 });
    await sleep(60);
    expect(await readSpot(boot)).toBeGreaterThan(still[0] ?? 0);
  });

  test('goes on only when the last of its mounts is thawed', async () => {
    await run('fsfreeze', '-f', '/srv/mail');
    await run('fsfreeze', '-f', '/var');
    await run('fsfreeze', '-u', '/srv/mail');
    const still = await readSpot(data);
    await sleep(40);
    expect(await readSpot(data)).toBe(still);
    await run('fsfreeze', '-u', '/var');
    await sleep(40);
    expect(await readSpot(data)).toBeGreaterThan(still);
  });

  test('answers as fsfreeze does: busy, invalid, no such place', async () => {
    await run('fsfreeze', '-f', '/var');
    expect(await run('fsfreeze', '-f', '/var')).toMatchObject({
      exit: 1,
      stderr: 'fsfreeze: /var: freeze failed: Device or resource busy\n',
    });
    await run('fsfreeze', '-u', '/var');
    expect(await run('fsfreeze', '-u', '/var')).toMatchObject({
      exit: 1,
      stderr: 'fsfreeze: /var: unfreeze failed: Invalid argument\n',
    });
    expect((await run('fsfreeze', '-f', '/nowhere')).stderr).toMatch(/cannot open \/nowhere/);
  });

  test('ends what still runs there when it is closed, frozen or not', async () => {
    await run('fsfreeze', '-f', '/var');
    const program = await shell.start(['sh', '-c', 'trap "" HUP TERM; echo $$; sleep 100 & wait; sleep 100'], budget());
    const pid = await new Promise<number>((resolve) => program.onLine((line) => resolve(Number(line))));
    await guest.close();
    expect(await stateOf(pid)).toMatch(/^(Z.*)?$/);
    const still = await readSpot(boot);
    await sleep(40);
    expect(await readSpot(boot)).toBe(still);
  });

  test('lets in no other key', async () => {
    const other = newSshKey();
    writeFileSync(join(folder, 'other'), other.private, { mode: 0o600 });
    await expect(connectSsh({ ...settings(), key: join(folder, 'other') }, { deadline: budget() })).rejects.toThrow(
      /not let root|lets root not/,
    );
  });
});

needs('ssh')('a guest of the demo, to OpenSSH', () => {
  test('runs a command and passes its exit on', async () => {
    const options = [
      '-F',
      'none',
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      `UserKnownHostsFile=${join(folder, 'known')}`,
    ];
    const argv = [
      ...options,
      '-i',
      join(folder, 'id'),
      '-p',
      String(guest.port),
      'root@localhost',
      'echo "$HOME"; exit 3',
    ];
    const failed = await promisify(execFile)('ssh', argv, { timeout: patient(10_000) }).catch((error) => error);
    expect(failed).toMatchObject({ code: 3, stdout: `${join(folder, 'mail01')}\n` });
  });
});

/** As ps tells it: empty when it is gone; a zombie has ended, whoever is to bury it. */
async function stateOf(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-o', 'stat=', '-p', String(pid)]).catch((error) => error);
  return stdout.trim();
}

function settings() {
  return {
    host: 'localhost',
    port: guest.port,
    user: 'root',
    key: join(folder, 'id'),
    hostKey: guest.hostKey,
    agent: false,
    config: 'none',
  };
}
