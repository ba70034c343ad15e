import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { GuestChannel, HoldOrder, Shell } from '../../src/ports.ts';
import { scriptSettings } from '../../src/quiesce/script/config.ts';
import { script } from '../../src/quiesce/script/method.ts';
import { needs } from '../needs.ts';
import type { LabDisk } from './kit/disk.ts';
import type { LabGuest } from './kit/guest.ts';
import { diskAt, guestOver, leftClean, openChannel, within } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';
import { attempt, must } from './kit/programs.ts';

const LEASE_MS = 8000;

/**
 * A disk of the guest has two partitions: /srv/a is mounted from the first, the second is spare. It lies in a file on a file
 * system that a test can freeze: then what is written to it is under way until that is thawed.
 */
needs(...GUEST, 'perl')('what is written while a guest is held', () => {
  let lab: Lab;
  let outer: LabDisk;
  let guest: LabGuest;
  let disk: LabDisk;
  let whole: string;
  let spare: string;
  let other: string;
  let shell: Shell;
  let channel: GuestChannel;

  beforeAll(async () => {
    lab = openLab();
    outer = lab.disk('outer', { sizeMb: 256 });
    const image = `${outer.here}/inner.img`;
    guest = await lab.guest('g', { mounts: { '/srv/a': { image, sizeMb: 64, split: true }, '/srv/b': {} } });
    disk = diskAt(guest, '/srv/a');
    other = diskAt(guest, '/srv/b').device;
    whole = disk.split?.whole ?? '';
    spare = disk.split?.spare ?? '';
    guest.run('sh', '-c', 'mkdir /mnt/spare && echo old > /srv/a/file');
    shell = await guest.shell(within(5000));
  });
  afterEach(async () => {
    await outer.thaw();
    await channel.close();
    await attempt('nsenter', ['-t', `${guest.pid}`, '-m', 'umount', '/mnt/spare']);
    await leftClean(guest);
  });
  afterAll(async () => {
    await shell?.close();
    await lab.close();
  });

  function order(): HoldOrder {
    const watches = [whole, other].map((device) => device.slice('/dev/'.length));
    return { owner: 'the lab', covers: [], gives: 'filesystem', watches, maxLeaseMs: LEASE_MS };
  }
  function writesOf(field: 4 | 6): number {
    const [, name = ''] = /^\/dev\/(.*)/.exec(whole) ?? [];
    return Number(must('cat', `/sys/class/block/${name}/stat`).split(/\s+/)[field]);
  }
  const name = (): string => whole.slice('/dev/'.length);

  for (const interpreter of ['python3', 'perl', 'sh'] as const) {
    describe(`by the ${interpreter} holder`, () => {
      // /srv/b is frozen first: what the freeze of /srv/a writes afterwards is nobody's.
      async function held(): Promise<void> {
        channel = await openChannel(shell, guest, { interpreter }, order());
        await channel.flush(within(5000));
        await channel.hold(LEASE_MS, within(5000));
      }

      test('by nobody, costs nothing: who reads and flushes writes no sector', async () => {
        await held();
        const before = [writesOf(4), writesOf(6)];
        for (let round = 0; round < 5; round++) guest.run('sync', '/srv/a/file');
        expect(guest.run('cat', '/srv/a/file')).toBe('old');
        // The kernel counts a flush as a write of nothing.
        expect(writesOf(4)).toBeGreaterThan(before[0] ?? 0);
        expect(writesOf(6)).toBe(before[1]);
        expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
      });

      test('to another partition that was mounted meanwhile, is told', async () => {
        await held();
        guest.run('sh', '-c', `mount ${spare} /mnt/spare && echo new > /mnt/spare/file && sync -f /mnt/spare`);
        expect(await channel.release('taken', within(5000))).toMatchObject({
          kind: 'written',
          why: expect.stringMatching(new RegExp(`^[1-9]\\d* sectors of ${name()}$`)),
        });
      });

      test('to the disk itself, is told to the sector', async () => {
        await held();
        guest.run('dd', 'if=/dev/zero', `of=${whole}`, 'bs=4k', 'count=1', 'seek=3', 'oflag=direct', 'conv=notrunc');
        expect(await channel.release('taken', within(5000))).toEqual({
          kind: 'written',
          why: `8 sectors of ${name()}`,
        });
      });

      test('and has not ended when it is let go, is told', async () => {
        await held();
        must('fsfreeze', '-f', outer.here);
        const argv = ['if=/dev/zero', `of=${whole}`, 'bs=4k', 'count=1', 'seek=3', 'oflag=direct', 'conv=notrunc'];
        const writing = attempt('dd', argv, 60_000);
        await expect.poll(() => must('cat', `/sys/class/block/${name()}/inflight`), { timeout: 5000 }).toMatch(/ 1$/);
        const released = channel.release('taken', within(5000));
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(await outer.thaw()).toBe('was frozen');
        expect(await released).toEqual({ kind: 'written', why: `a write to ${name()} was under way` });
        await writing;
      });
    });
  }

  describe('by the keeper of a site’s own commands', () => {
    async function held(hold: readonly string[], release: readonly string[]): Promise<void> {
      const settings = scriptSettings.parse({ hold, release, gives: 'application', covers: ['/srv/a'] });
      channel = await script(settings, { clock: systemClock }).open(guestOver(shell, guest), order(), within(10_000));
      await channel.hold(LEASE_MS, within(5000));
    }

    test('by nobody, costs nothing', async () => {
      await held(['fsfreeze', '-f', '/srv/a'], ['fsfreeze', '-u', '/srv/a']);
      expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
    });

    test('by whoever it did not pause, is told', async () => {
      await held(['true'], ['true']);
      expect(await disk.write()).not.toBe('blocked');
      expect(await channel.release('taken', within(5000))).toMatchObject({ kind: 'written' });
    });
  });
});
