import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import type { Guest } from '../../src/ports.ts';
import { fsfreezeSettings } from '../../src/quiesce/fsfreeze/config.ts';
import { fsfreeze } from '../../src/quiesce/fsfreeze/method.ts';
import { scriptSettings } from '../../src/quiesce/script/config.ts';
import { script } from '../../src/quiesce/script/method.ts';
import { localShell } from '../../src/transport/local.ts';
import { quiescerSuite } from '../contract/quiescer-suite.ts';
import { local, standInRoot } from '../contract/stand-in.ts';
import { simulated } from '../doubles/guest.ts';
import { needs, pathOfShell, SHELLS } from '../needs.ts';
import { patient } from '../patience.ts';

const NOWHERE: Guest = {
  vm: 'guest',
  connect: () => Promise.reject(new Error('this method needs no shell')),
  told: new Map(),
};

describe('a simulated guest', () => {
  quiescerSuite(
    async () => {
      const quiescer = simulated(systemClock);
      return { quiescer, guest: NOWHERE, isHeld: async () => quiescer.held(), async close() {} };
    },
    { line: false },
  );
});

describe('a script of this machine', () => {
  quiescerSuite(
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'sp-script-'));
      const mark = join(folder, 'a mark, held');
      const settings = scriptSettings.parse({
        hold: ['touch', mark],
        release: ['rm', '-f', mark],
        check: ['test', '-e', mark],
        gives: 'application',
      });
      return local(script(settings, { clock: systemClock }), localShell(), {
        isHeld: async () => existsSync(mark),
        close: async () => rmSync(folder, { recursive: true }),
      });
    },
    { line: true },
  );
});

for (const shell of SHELLS) {
  needs(shell)(`the sh holder in ${shell}, over a stand-in for the freeze`, () => {
    quiescerSuite(
      async () => {
        const root = standInRoot(pathOfShell(shell));
        const env = { ...process.env, STILLPOINT_ROOT: root, PATH: `${root}/bin:${process.env.PATH}` };
        const quiescer = fsfreeze(fsfreezeSettings.parse({ interpreter: 'sh', sudo: false }), { clock: systemClock });
        return local(quiescer, localShell({ env, variables: ['STILLPOINT_ROOT'] }), {
          isHeld: async () => existsSync(join(root, 'frozen-srv-mail')),
          close: async () => rmSync(root, { recursive: true }),
        });
      },
      { line: true },
    );
  });
}

describe('a stand-in for a guest', () => {
  test('is probed like any guest', async () => {
    const root = standInRoot();
    const shell = localShell({
      env: { ...process.env, STILLPOINT_ROOT: root, PATH: `${root}/bin:${process.env.PATH}` },
      variables: ['STILLPOINT_ROOT'],
    });
    const quiescer = fsfreeze(fsfreezeSettings.parse({ interpreter: 'sh', sudo: false }), { clock: systemClock });
    const { guest } = local(quiescer, shell, { isHeld: async () => false, async close() {} });
    const { uses, disks, findings } = await quiescer.probe(guest, deadline(systemClock, patient(10_000), 'the probe'));
    expect(findings).toEqual([]);
    expect(uses).toEqual([
      { what: '/', kind: 'mount', fsType: 'ext4', disks: ['sda'], held: false },
      { what: '/srv/mail', kind: 'mount', fsType: 'xfs', disks: ['sdb'], held: true },
    ]);
    expect(disks.map(({ name, sizeBytes }) => [name, sizeBytes])).toEqual([
      ['sda', 1n << 30n],
      ['sdb', 2n << 30n],
    ]);
    rmSync(root, { recursive: true });
  });

  test.each(['before the plan', 'after it'])('whose counters were switched off %s is held to less', async (when) => {
    const root = standInRoot();
    const shell = localShell({
      env: { ...process.env, STILLPOINT_ROOT: root, PATH: `${root}/bin:${process.env.PATH}` },
      variables: ['STILLPOINT_ROOT'],
    });
    const switchOff = (): void => {
      mkdirSync(join(root, 'sys/class/block/sdb/queue'));
      writeFileSync(join(root, 'sys/class/block/sdb/queue/iostats'), '0\n');
    };
    const quiescer = fsfreeze(fsfreezeSettings.parse({ interpreter: 'sh', sudo: false }), { clock: systemClock });
    const { guest } = local(quiescer, shell, { isHeld: async () => false, async close() {} });
    const limit = deadline(systemClock, patient(20_000), 'the test');
    if (when === 'before the plan') switchOff();
    const { gives, findings } = await quiescer.probe(guest, limit);
    expect(gives).toBe(when === 'before the plan' ? 'crash' : 'filesystem');
    expect(findings.map(({ code }) => code)).toEqual(when === 'before the plan' ? ['quiesce.not-counted'] : []);
    if (when === 'after it') switchOff();
    const order = { owner: 'the test', covers: [], gives, watches: ['sdb'], maxLeaseMs: 8000 };
    const channel = await quiescer.open(guest, order, limit);
    await channel.recheck(limit);
    expect((await channel.hold(8000, limit)).gives).toBe('crash');
    expect(await channel.release('taken', limit)).toEqual({ kind: 'kept' });
    await channel.close();
    rmSync(root, { recursive: true });
  });

  test('in which something was mounted since the plan is not held', async () => {
    const root = standInRoot();
    const shell = localShell({
      env: { ...process.env, STILLPOINT_ROOT: root, PATH: `${root}/bin:${process.env.PATH}` },
      variables: ['STILLPOINT_ROOT'],
    });
    const quiescer = fsfreeze(fsfreezeSettings.parse({ interpreter: 'sh', sudo: false }), { clock: systemClock });
    const { guest } = local(quiescer, shell, { isHeld: async () => false, async close() {} });
    const limit = deadline(systemClock, patient(20_000), 'the test');
    const order = { owner: 'the test', covers: [], gives: 'filesystem' as const, watches: [], maxLeaseMs: 8000 };
    await quiescer.probe(guest, limit);
    const channel = await quiescer.open(guest, order, limit);
    await channel.close();
    appendFileSync(
      join(root, 'proc/self/mountinfo'),
      '31 21 8:16 / /srv/again rw,relatime shared:1 - xfs /dev/sdb rw\n',
    );
    await expect(quiescer.open(guest, order, limit)).rejects.toMatchObject({ code: 'quiesce.mounts-changed' });
    rmSync(root, { recursive: true });
  });

  test('which a script holds, and in which something was mounted since the plan, is not held', async () => {
    const root = standInRoot();
    const shell = localShell({
      env: { ...process.env, STILLPOINT_ROOT: root, PATH: `${root}/bin:${process.env.PATH}` },
      variables: ['STILLPOINT_ROOT'],
    });
    const settings = { hold: ['true'], release: ['true'], gives: 'application', covers: ['/srv/mail'] };
    const quiescer = script(scriptSettings.parse(settings), { clock: systemClock });
    const { guest } = local(quiescer, shell, { isHeld: async () => false, async close() {} });
    const limit = deadline(systemClock, patient(20_000), 'the test');
    const order = { owner: 'the test', covers: [], gives: 'filesystem' as const, watches: [], maxLeaseMs: 8000 };
    const { uses } = await quiescer.probe(guest, limit);
    expect(uses.filter(({ held }) => held).map(({ what }) => what)).toEqual(['/srv/mail']);
    const channel = await quiescer.open(guest, order, limit);
    await channel.recheck(limit);
    appendFileSync(
      join(root, 'proc/self/mountinfo'),
      '31 21 8:16 / /srv/again rw,relatime shared:1 - xfs /dev/sdb rw\n',
    );
    await expect(channel.recheck(limit)).rejects.toMatchObject({ code: 'quiesce.mounts-changed' });
    await channel.close();
    await expect(quiescer.open(guest, order, limit)).rejects.toMatchObject({ code: 'quiesce.mounts-changed' });
    rmSync(root, { recursive: true });
  });
});
