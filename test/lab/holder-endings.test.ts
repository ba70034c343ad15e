import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { GuestChannel, Shell } from '../../src/ports.ts';
import { needs } from '../needs.ts';
import { clientShell } from './kit/client.ts';
import type { LabGuest } from './kit/guest.ts';
import { eachHolder } from './kit/holders.ts';
import { LATE_MS, leftClean, openChannel, processOf, standsStill, within, writesWithin } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';

/** The lease of most tests: whoever is let go well before it was not let go by it. */
const LEASE_MS = 6000;
const BY_NEWS_MS = 3000;

needs(
  ...GUEST,
  'ssh',
  'perl',
  'mkfs.xfs',
)('a held guest', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = openLab();
  });
  afterAll(() => lab.close());

  eachHolder(
    (name) => `by ${name}`,
    (interpreter, prepare, short) => {
      let guest: LabGuest;
      const open: { channel: GuestChannel; shell: Shell }[] = [];

      beforeAll(async () => {
        guest = await lab.guest(short, { mounts: { '/srv/a': {}, '/srv/b': { type: 'xfs' } } });
        prepare(guest);
      });
      afterEach(async () => {
        guest.link('up');
        for (const { channel, shell } of open.splice(0)) {
          await channel.close();
          await shell.close();
        }
        await leftClean(guest);
      });

      async function channelOver(shell: Shell): Promise<GuestChannel> {
        const channel = await openChannel(shell, guest, { interpreter });
        open.push({ channel, shell });
        return channel;
      }
      async function held(leaseMs = LEASE_MS): Promise<GuestChannel> {
        return (await heldSince(leaseMs)).channel;
      }
      /** With the time at which the hold was sent: what comes before it is no part of the lease. */
      async function heldSince(leaseMs: number): Promise<{ channel: GuestChannel; sentAtMs: number }> {
        const channel = await channelOver(await guest.shell(within(5000)));
        const sentAtMs = performance.now();
        await channel.hold(leaseMs, within(5000));
        await standsStill(...guest.disks.values());
        return { channel, sentAtMs };
      }

      test('is let go by a word, and says that it was held until then', async () => {
        const channel = await held();
        expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
        await writesWithin(BY_NEWS_MS, ...guest.disks.values());
        expect(channel.lost?.aborted).toBe(false);
      });

      test('lets go at the end of its lease when the controller is late, and says so', async () => {
        const { channel, sentAtMs } = await heldSince(2000);
        await writesWithin(2000 + LATE_MS - (performance.now() - sentAtMs), ...guest.disks.values());
        expect(await channel.release('taken', within(5000))).toMatchObject({ kind: 'expired', why: 'the lease ended' });
      });

      test('lets go when the client is killed', async () => {
        const shell = clientShell(guest);
        const channel = await channelOver(shell);
        await channel.hold(LEASE_MS, within(5000));
        await standsStill(...guest.disks.values());
        shell.kill();
        await writesWithin(BY_NEWS_MS, ...guest.disks.values());
        expect((await channel.release('taken', within(1000))).kind).not.toBe('kept');
      });

      test('lets go at the end of its lease when the link goes down', async () => {
        const { channel, sentAtMs } = await heldSince(2500);
        guest.link('down');
        await writesWithin(2500 + LATE_MS - (performance.now() - sentAtMs), ...guest.disks.values());
        expect((await channel.release('taken', within(500))).kind).not.toBe('kept');
      });

      test("lets go when the guest's sshd session is killed", async () => {
        const channel = await held();
        // The listener comes first, whatever its pid: pids begin anew at 32768.
        const [, ...sessions] = guest.processes('sshd');
        for (const pid of sessions) process.kill(pid, 'SIGKILL');
        await writesWithin(BY_NEWS_MS, ...guest.disks.values());
        expect((await channel.release('taken', within(1000))).kind).not.toBe('kept');
      });

      for (const [role, what] of [
        ['P', 'the holder itself'],
        ['W', 'its watch'],
        ...(interpreter === 'sh' ? [] : ([['T', 'one of its thawers']] as const)),
      ] as const) {
        test(`lets go when ${what} is killed`, async () => {
          const channel = await held();
          process.kill(processOf(guest, `stillpoint-${role}`), 'SIGKILL');
          await writesWithin(BY_NEWS_MS, ...guest.disks.values());
          expect((await channel.release('taken', within(1000))).kind).not.toBe('kept');
        });
      }

      test('lets go when the holder gets a signal, and its watch does not mind one', async () => {
        const channel = await held();
        for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGPIPE']) {
          process.kill(processOf(guest, 'stillpoint-W'), signal);
        }
        await standsStill(...guest.disks.values());
        process.kill(processOf(guest, 'stillpoint-P'), 'SIGTERM');
        await writesWithin(BY_NEWS_MS, ...guest.disks.values());
        expect(await channel.release('taken', within(1000))).toMatchObject({ kind: 'expired' });
      });

      test('says at once that it was let go, without being asked', async () => {
        const channel = await held(1500);
        await new Promise((resolve) => channel.lost?.addEventListener('abort', resolve));
        expect(channel.lost?.reason).toMatchObject({ code: 'quiesce.let-go' });
      });

      test('answers a release twice, and a release of what was never held', async () => {
        const channel = await held();
        expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
        expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
        const idle = await channelOver(await guest.shell(within(5000)));
        expect(await idle.release('taken', within(1000))).toMatchObject({ kind: 'expired' });
      });
    },
  );
});
