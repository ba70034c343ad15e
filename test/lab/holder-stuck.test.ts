import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { GuestChannel, Shell } from '../../src/ports.ts';
import { needs } from '../needs.ts';
import type { LabDisk } from './kit/disk.ts';
import type { LabGuest } from './kit/guest.ts';
import { eachHolder } from './kit/holders.ts';
import { diskAt, LATE_MS, leftClean, openChannel, standsStill, within, writesWithin } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';
import { attempt, must } from './kit/programs.ts';

const LEASE_MS = 1500;

/**
 * The guest's /srv/stuck lies in a file on a file system that the test freezes first: its storage hangs, and so does a
 * FIFREEZE of it. /srv/free is an ordinary disk, and is frozen before it.
 */
needs(...GUEST, 'perl')('a guest whose storage hangs inside the freeze', () => {
  eachHolder(
    (name) => `by ${name}`,
    (interpreter, prepare, short) => {
      let lab: Lab;
      let outer: LabDisk;
      let guest: LabGuest;
      let stuck: LabDisk;
      let free: LabDisk;
      let shell: Shell;
      let channel: GuestChannel;

      beforeAll(async () => {
        lab = openLab();
        outer = lab.disk('outer', { sizeMb: 256 });
        const image = `${outer.here}/inner.img`;
        guest = await lab.guest(short, { mounts: { '/srv/stuck': { image }, '/srv/free': {} } });
        prepare(guest);
        stuck = diskAt(guest, '/srv/stuck');
        free = diskAt(guest, '/srv/free');
      });
      afterEach(async () => {
        await outer.thaw();
        await channel.close();
        await shell.close();
        await leftClean(guest);
      });
      afterAll(() => lab.close());

      async function open(): Promise<void> {
        shell = await guest.shell(within(5000));
        channel = await openChannel(shell, guest, { interpreter });
      }
      async function dirty(): Promise<void> {
        must('dd', 'if=/dev/zero', `of=${stuck.here}/dirty`, 'bs=1M', 'count=16');
        must('fsfreeze', '-f', outer.here);
      }
      async function writeInFlight(): Promise<void> {
        const file = `${stuck.here}/direct`;
        must('dd', 'if=/dev/zero', `of=${file}`, 'bs=64k', 'count=1', 'conv=fsync');
        must('fsfreeze', '-f', outer.here);
        void attempt('dd', ['if=/dev/zero', `of=${file}`, 'bs=64k', 'count=1', 'oflag=direct', 'conv=notrunc'], 60_000);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      async function staysStuck(): Promise<number> {
        const began = performance.now();
        await expect(channel.hold(LEASE_MS, within(800))).rejects.toMatchObject({ code: 'deadline' });
        return began;
      }

      for (const [how, provoke] of [
        ['with dirty data', dirty],
        ['with a direct write in flight', writeInFlight],
      ] as const) {
        test(`lets the rest go when the lease ends, and the stuck one as soon as the storage answers, ${how}`, async () => {
          await open();
          await provoke();
          const began = await staysStuck();
          await standsStill(free);
          await writesWithin(LEASE_MS + LATE_MS - (performance.now() - began), free);
          expect(await stuck.write(500)).toBe('blocked');
          expect(guest.processes('stillpoint-W')).toHaveLength(1);
          expect(await outer.thaw()).toBe('was frozen');
          await writesWithin(LATE_MS, stuck);
          expect(await channel.release('taken', within(5000))).toMatchObject({ kind: 'expired' });
        });

        test(`obeys a release while it is stuck, ${how}`, async () => {
          await open();
          await provoke();
          await staysStuck();
          expect((await channel.release('taken', within(300))).kind).toBe('unknown');
          await writesWithin(LATE_MS, free);
          expect(await outer.thaw()).toBe('was frozen');
          await writesWithin(LATE_MS, stuck);
          expect(await channel.release('taken', within(5000))).toMatchObject({ kind: 'expired' });
        });
      }

      test('lets go though its freezer is killed inside the freeze', async () => {
        await open();
        await writeInFlight();
        await staysStuck();
        for (const pid of guest.processes('stillpoint-F')) process.kill(pid, 'SIGKILL');
        await writesWithin(LEASE_MS + LATE_MS, free);
        expect(await outer.thaw()).toBe('was frozen');
        await writesWithin(LATE_MS, stuck);
      });

      test('lets go though its watch is killed inside the freeze', async () => {
        await open();
        await writeInFlight();
        await staysStuck();
        for (const pid of guest.processes('stillpoint-W')) process.kill(pid, 'SIGKILL');
        await writesWithin(LEASE_MS + LATE_MS, free);
        expect(await outer.thaw()).toBe('was frozen');
        await writesWithin(LATE_MS, stuck);
      });
    },
  );
});
