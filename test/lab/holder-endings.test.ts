import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import type { GuestChannel, Shell } from '../../src/ports.ts';
import { fsfreeze, fsfreezeSettings } from '../../src/quiesce/fsfreeze.ts';
import { needs } from '../needs.ts';
import { clientShell } from './kit/client.ts';
import type { LabGuest } from './kit/guest.ts';
import { type Lab, openLab } from './kit/lab.ts';

const within = (ms: number): Deadline => deadline(systemClock, ms, 'the test');

/** The lease of most tests: whoever is let go well before it was not let go by it. */
const LEASE_MS = 6000;
const BY_NEWS_MS = 3000;
/** I1. */
const LATE_MS = 1000;

needs(
  'root',
  'linux',
  'sshd',
  'ssh',
  'ip',
  'unshare',
  'losetup',
  'loop',
  'namespaces',
  'fsfreeze',
  'python3',
  'perl',
  'mkfs.ext4',
  'mkfs.xfs',
)('a held guest', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = openLab();
  });
  afterAll(() => lab.close());

  for (const interpreter of ['python3', 'perl', 'sh'] as const) {
    describe(`by the ${interpreter} holder`, () => {
      let guest: LabGuest;
      const open: { channel: GuestChannel; shell: Shell }[] = [];

      beforeAll(async () => {
        guest = await lab.guest(interpreter, { mounts: { '/srv/a': {}, '/srv/b': { type: 'xfs' } } });
      });
      afterEach(async () => {
        guest.link('up');
        for (const { channel, shell } of open.splice(0)) {
          await channel.close();
          await shell.close();
        }
        for (const disk of guest.disks.values()) expect(await disk.thaw()).toBe('EINVAL');
        await holderGone(guest);
      });

      async function channelOver(shell: Shell): Promise<GuestChannel> {
        const method = fsfreeze(fsfreezeSettings.parse({ interpreter }), { clock: systemClock });
        const order = { owner: 'the lab', covers: [], maxLeaseMs: 10_000 };
        const here = { vm: guest.name, connect: async () => shell, told: new Map() };
        const channel = await method.open(here, order, within(10_000));
        open.push({ channel, shell });
        return channel;
      }
      async function held(leaseMs = LEASE_MS): Promise<GuestChannel> {
        const channel = await channelOver(await guest.shell(within(5000)));
        await channel.hold(leaseMs, within(5000));
        await standsStill(guest);
        return channel;
      }

      test('is let go by a word, and says that it was held until then', async () => {
        const channel = await held();
        expect(await channel.release(within(5000))).toEqual({ kind: 'kept' });
        await writes(guest, BY_NEWS_MS);
        expect(channel.lost?.aborted).toBe(false);
      });

      test('lets go at the end of its lease when the controller is late, and says so', async () => {
        const before = performance.now();
        const channel = await held(2000);
        await writes(guest, 2000 + LATE_MS - (performance.now() - before));
        expect(await channel.release(within(5000))).toMatchObject({ kind: 'expired', why: 'the lease ended' });
      });

      test('lets go when the client is killed', async () => {
        const shell = clientShell(guest);
        const channel = await channelOver(shell);
        await channel.hold(LEASE_MS, within(5000));
        await standsStill(guest);
        shell.kill();
        await writes(guest, BY_NEWS_MS);
        expect((await channel.release(within(1000))).kind).not.toBe('kept');
      });

      test('lets go at the end of its lease when the link goes down', async () => {
        const before = performance.now();
        const channel = await held(2500);
        guest.link('down');
        await writes(guest, 2500 + LATE_MS - (performance.now() - before));
        expect((await channel.release(within(500))).kind).not.toBe('kept');
      });

      test("lets go when the guest's sshd session is killed", async () => {
        const channel = await held();
        const sessions = guest.processes('sshd').filter((pid) => pid !== Math.min(...guest.processes('sshd')));
        for (const pid of sessions) process.kill(pid, 'SIGKILL');
        await writes(guest, BY_NEWS_MS);
        expect((await channel.release(within(1000))).kind).not.toBe('kept');
      });

      for (const [role, what] of [
        ['P', 'the holder itself'],
        ['W', 'its watch'],
        ...(interpreter === 'sh' ? [] : ([['T', 'one of its thawers']] as const)),
      ] as const) {
        test(`lets go when ${what} is killed`, async () => {
          const channel = await held();
          process.kill(one(guest, `stillpoint-${role}`), 'SIGKILL');
          await writes(guest, BY_NEWS_MS);
          expect((await channel.release(within(1000))).kind).not.toBe('kept');
        });
      }

      for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) {
        test(`lets go when the holder gets ${signal}, and its watch does not mind one`, async () => {
          const channel = await held();
          process.kill(one(guest, 'stillpoint-W'), signal);
          await standsStill(guest);
          process.kill(one(guest, 'stillpoint-P'), signal);
          await writes(guest, BY_NEWS_MS);
          expect(await channel.release(within(1000))).toMatchObject({ kind: 'expired' });
        });
      }

      test('says at once that it was let go, without being asked', async () => {
        const channel = await held(1500);
        await new Promise((resolve) => channel.lost?.addEventListener('abort', resolve));
        expect(channel.lost?.reason).toMatchObject({ code: 'quiesce.let-go' });
      });

      test('answers a release twice, and a release of what was never held', async () => {
        const channel = await held();
        expect(await channel.release(within(5000))).toEqual({ kind: 'kept' });
        expect(await channel.release(within(5000))).toEqual({ kind: 'kept' });
        const idle = await channelOver(await guest.shell(within(5000)));
        expect(await idle.release(within(1000))).toMatchObject({ kind: 'expired' });
      });
    });
  }
});

async function standsStill(guest: LabGuest): Promise<void> {
  for (const disk of guest.disks.values()) expect(await disk.write(250)).toBe('blocked');
}

async function writes(guest: LabGuest, limitMs: number): Promise<void> {
  const took = await Promise.all([...guest.disks.values()].map((disk) => disk.write(limitMs)));
  expect(took).not.toContain('blocked');
}

function one(guest: LabGuest, name: string): number {
  const [pid] = guest.processes(name);
  if (pid === undefined) throw new Error(`no process ${name} in the guest`);
  return pid;
}

async function holderGone(guest: LabGuest): Promise<void> {
  await expect.poll(() => guest.processes(), { timeout: 10_000 }).toEqual([]);
}
