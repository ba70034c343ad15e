import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { GuestChannel, Shell } from '../../src/ports.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { eachHolder } from './kit/holders.ts';
import { LATE_MS, leftClean, openChannel, standsStill, within, writesWithin } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';

needs(...GUEST, 'perl')('when words or processes do not come through', () => {
  let lab: Lab;
  beforeAll(() => {
    lab = openLab();
  });
  afterAll(() => lab.close());

  eachHolder(
    (name) => `by ${name}`,
    (interpreter, prepare, short) => {
      let guest: LabGuest;
      let shell: Shell;
      let channel: GuestChannel;
      beforeAll(async () => {
        guest = await lab.guest(short, { mounts: { '/srv/a': {}, '/srv/b': {} }, programs: SYSTEMD });
        prepare(guest);
      });
      afterEach(async () => {
        await channel.close();
        await shell.close();
        await leftClean(guest);
      });
      async function open(
        maxLeaseMs = 10_000,
        lateMs: (line: string) => number = () => 0,
        owner = 'the lab',
      ): Promise<void> {
        shell = delayed(await guest.shell(within(5000)), lateMs);
        const order = { owner, covers: [], gives: 'filesystem' as const, watches: [], maxLeaseMs };
        channel = await openChannel(shell, guest, { interpreter }, order);
      }
      /** The far end of our connection: what the guest says waits in it. */
      function session(): number {
        const [, ...sessions] = guest.processes('sshd');
        return sessions.at(-1) ?? 0;
      }

      test('news of a hold that come after its lease are no hold', async () => {
        await open(10_000, (line) => (line.includes(' FROZEN ') ? 1300 : 0));
        await expect(channel.hold(800, within(6000))).rejects.toMatchObject({ name: 'Fault' });
        expect((await channel.release('taken', within(2000))).kind).not.toBe('kept');
        await writesWithin(LATE_MS, ...guest.disks.values());
      });

      test('a hold word that was under way for too long freezes nobody', async () => {
        await open();
        await channel.recheck(within(5000));
        const line = session();
        process.kill(line, 'SIGSTOP');
        const holding = channel.hold(4000, within(6000));
        const outcome = expect(holding).rejects.toMatchObject({ code: 'quiesce.not-held' });
        await new Promise((resolve) => setTimeout(resolve, 1500));
        process.kill(line, 'SIGCONT');
        await outcome;
        await writesWithin(LATE_MS, ...guest.disks.values());
      });

      test('the timer of PID 1 lets go when every process of the holder is killed at once', async () => {
        standInSystemd(guest);
        await open(5000);
        await channel.recheck(within(5000));
        await channel.hold(5000, within(5000));
        await standsStill(...guest.disks.values());
        const roles = ['W', 'V', 'T', 'F', 'P'].flatMap((role) => guest.processes(`stillpoint-${role}`));
        for (const pid of roles) process.kill(pid, 'SIGSTOP');
        for (const pid of roles) process.kill(pid, 'SIGKILL');
        await standsStill(...guest.disks.values());
        const [armed = ''] = readFileSync(inGuest(guest, '/run/armed'), 'utf8').split('\n');
        expect(Number(/--on-active=(\d+)/.exec(armed)?.[1])).toBeGreaterThan(60 + 5);
        writeFileSync(inGuest(guest, '/run/fire'), '');
        await writesWithin(5000, ...guest.disks.values());
        await timerIsOver(guest);
      });

      // In the sh form a child of the killed ones keeps the lock until it ends, and the next comer is told so.
      if (interpreter !== 'sh')
        test('what a holder left frozen when all of it was killed, the next one that comes lets go, and keeps no timer from it', async () => {
          standInSystemd(guest);
          await open(5000);
          await channel.recheck(within(5000));
          await channel.hold(5000, within(5000));
          const roles = ['W', 'V', 'T', 'F', 'P'].flatMap((role) => guest.processes(`stillpoint-${role}`));
          for (const pid of roles) process.kill(pid, 'SIGSTOP');
          for (const pid of roles) process.kill(pid, 'SIGKILL');
          await standsStill(...guest.disks.values());
          await channel.close();
          await shell.close();
          await open(5000, () => 0, 'the next run');
          await writesWithin(5000, ...guest.disks.values());
          await timerIsOver(guest);
          expect(existsSync(inGuest(guest, '/run/stopped'))).toBe(false);
        });

      test('the timer of PID 1 is taken away when the guest was let go', async () => {
        standInSystemd(guest);
        await open();
        await channel.recheck(within(5000));
        await channel.hold(5000, within(5000));
        expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
        await channel.close();
        expect(readFileSync(inGuest(guest, '/run/stopped'), 'utf8')).toMatch(/^stop stillpoint-thaw-\w+-\w+\.timer$/m);
      });
    },
  );
});

/** Lines from the far end wait as a relay would make them: in their order, so that one that is late delays the next. */
function delayed(shell: Shell, lateMs: (line: string) => number): Shell {
  return {
    ...shell,
    async start(argv, limit) {
      const dialogue = await shell.start(argv, limit);
      let queue = Promise.resolve();
      return {
        ...dialogue,
        onLine: (receive) =>
          dialogue.onLine((line) => {
            const ms = lateMs(line);
            queue = queue
              .then(() => (ms === 0 ? undefined : new Promise<void>((resolve) => setTimeout(resolve, ms))))
              .then(() => receive(line));
          }),
        ended: dialogue.ended.then(async (end) => {
          await queue;
          return end;
        }),
      };
    },
  };
}

function inGuest(guest: LabGuest, path: string): string {
  return `/proc/${guest.pid}/root${path}`;
}

/** A stand-in for PID 1: it notes what it is told, and runs the timer's command when the test lets the time be over. */
function standInSystemd(guest: LabGuest): void {
  for (const file of ['/run/armed', '/run/stopped', '/run/fire', '/run/timer.pid', '/run/timer.over'])
    guest.run('rm', '-f', file);
  mkdirSync(inGuest(guest, '/run/systemd/system'), { recursive: true });
}

/** It thaws for three seconds, and would thaw what the next test holds. */
function timerIsOver(guest: LabGuest): Promise<void> {
  return expect.poll(() => existsSync(inGuest(guest, '/run/timer.over')), { timeout: 20_000 }).toBe(true);
}

const SYSTEMD = {
  'bin/systemctl': `#!/bin/sh
read -r pid 2> /dev/null < /run/timer.pid || exit 0
case $1 in
  start) kill -0 "$pid" 2> /dev/null && touch /run/fire ;;
  *) echo "$*" >> /run/stopped; kill "$pid" 2> /dev/null || : ;;
esac
`,
  'bin/systemd-run': `#!/bin/sh
echo "$*" >> /run/armed
while :; do case $1 in --*) shift ;; *) break ;; esac; done
setsid sh -c 'echo $$ > /run/timer.pid; while [ ! -e /run/fire ]; do sleep 0.1; done; "$@"; : > /run/timer.over' sh "$@" < /dev/null > /dev/null 2>&1 9>&- &
`,
};
