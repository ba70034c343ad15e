import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { beforeDeadline } from '../../src/base/deadline.ts';
import type { Shell } from '../../src/ports.ts';
import { programText } from '../../src/quiesce/holder/programs.ts';
import type { Session } from '../../src/quiesce/holder/session.ts';
import { startHolder } from '../../src/quiesce/holder/start.ts';
import { escapeWord, type Report } from '../../src/quiesce/holder/words.ts';
import { factsIn, textOf } from '../../src/quiesce/probe/facts.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { eachHolder } from './kit/holders.ts';
import { diskAt, leftClean, openChannel, standsStill, within, writesWithin } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { GUEST } from './kit/needs.ts';
import { must } from './kit/programs.ts';

const ready = (report: Report): boolean => report.kind === 'ready';

/** The holder is spoken to by itself here: what it refuses, it refuses whoever asks. */
needs(
  ...GUEST,
  'perl',
  'mkfs.btrfs',
  'swapon',
)('before it holds anything', () => {
  let lab: Lab;
  let guest: LabGuest;
  let shell: Shell;
  let sessions: Session[] = [];

  beforeAll(async () => {
    lab = openLab();
    guest = await lab.guest('g', {
      root: {},
      mounts: { '/srv/a': {}, '/srv/b': {}, '/srv/sub volumes': { type: 'btrfs' } },
    });
    shell = await guest.shell(within(5000));
  });
  afterEach(async () => {
    for (const session of sessions) {
      session.end();
      await session.ended;
    }
    sessions = [];
    await leftClean(guest);
  });
  afterAll(() => lab.close());
  afterAll(() => shell.close());

  eachHolder(
    (name) => name,
    (form, prepare) => {
      async function start(): Promise<Session> {
        const { session } = await startHolder(shell, { holder: 'sent', sudo: false, form }, within(5000));
        sessions.push(session);
        return session;
      }
      async function ask(...mounts: readonly string[]): Promise<readonly Report[]> {
        const words = ['owner=the\\040lab', 'max-lease=5000', `mounts=${mounts.map(escapeWord).join(',')}`] as const;
        return (await start()).ask(['open', ...words], ready, within(5000));
      }

      beforeAll(() => prepare(guest));
      test('is written in ASCII: its length is its bytes', () => {
        expect(Buffer.byteLength(programText(form))).toBe(programText(form).length);
        expect(programText(form)).toMatch(/^[\n\t -~]*$/);
      });

      test('refuses a plain folder, and names what it would have frozen', async () => {
        guest.run('mkdir', '-p', '/srv/a/folder');
        await expect(ask('/srv/a/folder')).rejects.toMatchObject({ code: 'quiesce.not-a-mount-point' });
      });

      test('refuses a path that is not there', async () => {
        await expect(ask('/srv/missing')).rejects.toMatchObject({
          code: expect.stringMatching(/^quiesce\.(cannot-open|not-a-mount-point)$/),
        });
      });

      test('refuses file systems that have no freeze', async () => {
        for (const path of ['/run', '/usr', '/proc']) {
          await expect(ask(path)).rejects.toMatchObject({ code: 'quiesce.not-freezable' });
        }
      });

      test('refuses to freeze / under another name', async () => {
        guest.run('sh', '-c', 'mkdir -p /opt /mnt/bind && mount --bind /opt /mnt/bind');
        try {
          await expect(ask('/mnt/bind')).rejects.toMatchObject({
            code: form === 'sh' ? 'quiesce.sh-holds-no-root' : 'quiesce.is-root',
          });
        } finally {
          guest.run('umount', '-l', '/mnt/bind');
        }
      });

      test('tells who has a disk open for writing, and what only another namespace has mounted', async () => {
        const { device } = diskAt(guest, '/srv/a');
        const inner = guest.run('sh', '-c', 'truncate -s 8M /run/in.img && losetup -f --show /run/in.img');
        guest.run('mkfs.ext4', '-q', inner);
        const apart = `mkdir -p /run/in && mount ${inner} /run/in && exec 3<> ${device} && : > /run/apart && exec sleep 60`;
        const pid = guest.run('sh', '-c', `unshare -m sh -c '${apart}' > /dev/null 2>&1 & echo $!`);
        try {
          await expect.poll(() => guest.run('ls', '/run'), { timeout: 5000 }).toMatch(/^apart$/m);
          const facts = factsIn(await (await start()).ask(['probe'], ({ kind }) => kind === 'end', within(20_000)));
          expect(facts.writers).toContainEqual({ program: 'sleep', device });
          const name = inner.slice('/dev/'.length);
          expect([...facts.claimed]).toContain(name);
          expect([...facts.claimed]).toContain(textOf(facts, `/sys/class/block/${name}/dev`));
        } finally {
          guest.run('kill', '-9', pid);
          guest.run('sh', '-c', `rm -f /run/apart /run/in.img; losetup -d ${inner}`);
        }
      });

      test('refuses a mount with an active swap file', async () => {
        guest.run(
          'sh',
          '-c',
          'dd if=/dev/zero of=/srv/a/swap bs=1M count=2 2> /dev/null && chmod 600 /srv/a/swap && mkswap -q /srv/a/swap && swapon /srv/a/swap',
        );
        try {
          await expect(ask('/srv/a')).rejects.toMatchObject({ code: 'quiesce.swap-file' });
        } finally {
          guest.run('swapoff', '/srv/a/swap');
        }
      });

      test('refuses a mount that a loop device writes to', async () => {
        const device = guest.run('sh', '-c', 'truncate -s 8M /srv/a/inner.img && losetup -f --show /srv/a/inner.img');
        try {
          await expect(ask('/srv/a')).rejects.toMatchObject({ code: 'quiesce.loop-backing' });
        } finally {
          guest.run('losetup', '-d', device);
        }
      });

      test('refuses a second comer, and tells it whose the first is', async () => {
        await ask('/srv/a');
        const words = ['owner=somebody', 'max-lease=5000', 'mounts=/srv/b'] as const;
        await expect((await start()).ask(['open', ...words], ready, within(5000))).rejects.toMatchObject({
          code: 'locked',
          exit: 10,
          message: expect.stringContaining('the lab'),
        });
      });

      test('lets another stage of the same run in', async () => {
        await ask('/srv/a');
        const words = ['owner=the\\040lab', 'max-lease=5000', 'mounts=/srv/b'] as const;
        const reports = await (await start()).ask(['open', ...words], ready, within(5000));
        expect(reports.at(-1)).toEqual({ kind: 'ready' });
      });

      test('keeps the guest for its run until the last of its stages has ended', async () => {
        const open = async (owner: string, mount: string): Promise<readonly Report[]> =>
          (await start()).ask(['open', `owner=${owner}`, 'max-lease=5000', `mounts=${mount}`], ready, within(5000));
        const ended = async (session: Session | undefined): Promise<void> => {
          session?.end();
          await session?.ended;
        };
        await open('the\\040lab', '/srv/a');
        await open('the\\040lab', '/srv/b');
        await ended(sessions[0]);
        await expect(open('somebody', '/srv/a')).rejects.toMatchObject({
          code: 'locked',
          message: expect.stringContaining('the lab'),
        });
        await ended(sessions[1]);
        await leftClean(guest);
        expect((await open('somebody', '/srv/a')).at(-1)).toEqual({ kind: 'ready' });
      });

      test('locks by a file that only root can open, whatever it was before, and follows no link', async () => {
        guest.run(
          'sh',
          '-c',
          'rm -f /run/stillpoint.lock && touch /run/stillpoint.lock && chmod 666 /run/stillpoint.lock',
        );
        await ask('/srv/a');
        expect(guest.run('stat', '-c', '%a', '/run/stillpoint.lock')).toBe('600');
        const anybody = ['setpriv', '--reuid=1500', '--clear-groups', 'flock', '-n', '/run/stillpoint.lock', 'true'];
        expect(() => guest.run(...anybody)).toThrow('Permission denied');
        guest.run('ln', '-sfn', '/srv/b/elsewhere', '/run/stillpoint.lock');
        try {
          await expect(ask('/srv/b')).rejects.toMatchObject({ code: 'quiesce.no-lock' });
          expect(guest.run('ls', '/srv/b')).not.toContain('elsewhere');
        } finally {
          guest.run('rm', '/run/stillpoint.lock');
        }
      });

      test('freezes a file system once, under however many names it is asked for', async () => {
        const at = '/srv/sub volumes';
        guest.run(
          'sh',
          '-c',
          `btrfs -q subvolume create '${at}/one' && mkdir -p /mnt/one /mnt/a && mount --bind '${at}/one' /mnt/one && mount --bind /srv/a /mnt/a`,
        );
        try {
          const reports = await ask('/srv/a', '/mnt/a', at, '/mnt/one');
          expect(reports.filter(({ kind }) => kind === 'mount')).toHaveLength(2);
          expect(reports.filter(({ kind }) => kind === 'same')).toHaveLength(2);
          const [session] = sessions;
          await session?.ask(['ping', '1'], ({ kind }) => kind === 'pong', within(2000));
          await session?.ask(['freeze', 'lease=4000'], ({ kind }) => kind === 'all-frozen', within(4000));
          await standsStill(diskAt(guest, '/srv/a'), diskAt(guest, at));
          const last = await session?.ask(['thaw'], ({ kind }) => kind === 'thawed', within(4000));
          expect(last?.filter((report) => report.kind === 'thaw' && report.first === '0')).toHaveLength(2);
        } finally {
          guest.run('sh', '-c', `umount /mnt/one /mnt/a; btrfs -q subvolume delete '${at}/one'`);
        }
      });

      test('does not obey a hold word that comes late', async () => {
        await ask('/srv/a');
        const [session] = sessions;
        await session?.ask(['ping', '1'], ({ kind }) => kind === 'pong', within(2000));
        await new Promise((resolve) => setTimeout(resolve, 1300));
        const answer = await session?.ask(['freeze', 'lease=4000'], ({ kind }) => kind === 'refused', within(2000));
        expect(answer?.at(-1)).toMatchObject({ why: 'stale' });
        await writesWithin(1000, diskAt(guest, '/srv/a'));
      });

      test('takes a lease only as a number, no longer than was agreed, and none above two minutes', async () => {
        const open = async (lease: string): Promise<readonly Report[]> =>
          (await start()).ask(
            ['open', 'owner=the\\040lab', `max-lease=${lease}`, 'mounts=/srv/a'],
            ready,
            within(5000),
          );
        for (const lease of ['nan', 'inf', '1e3', '-1', '', '12345678', 'a[$(id>/run/ran)]']) {
          await expect(open(lease)).rejects.toMatchObject({ code: 'quiesce.no-number' });
        }
        await expect(open('120001')).rejects.toMatchObject({ code: 'quiesce.lease' });
        await open('120000');
        await sessions.at(-1)?.end();
        await sessions.at(-1)?.ended;

        await ask('/srv/a');
        const session = sessions.at(-1);
        await session?.ask(['ping', '1'], ({ kind }) => kind === 'pong', within(2000));
        for (const lease of ['nan', 'inf', '1e3', '-1', '', '5001', '12345678', 'a[$(id>/run/ran)]']) {
          const answer = await session?.ask(
            ['freeze', `lease=${lease}`],
            ({ kind }) => kind === 'refused',
            within(2000),
          );
          expect(answer?.at(-1)).toMatchObject({ why: 'lease' });
        }
        await writesWithin(1000, diskAt(guest, '/srv/a'));
        expect(guest.run('ls', '/run')).not.toMatch(/^ran$/m);
      });

      test("does not obey a word in another session's name", async () => {
        await ask('/srv/a');
        const [session] = sessions;
        if (session === undefined) throw new Error('no session');
        const marks: string[] = [];
        session.listen((report) => {
          if (report.kind === 'pong') marks.push(report.mark);
        });
        session.tell('ping', '1\n0123456789abcdef', 'ping', '2');
        expect((await beforeDeadline(session.ended, within(5000))).exit).toBe(0);
        expect(marks).toEqual(['1']);
      });

      test("leaves somebody else's freeze alone, and lets go of its own", async () => {
        must('fsfreeze', '-f', diskAt(guest, '/srv/a').here);
        const channel = await openChannel(shell, guest, { interpreter: form, mounts: ['/srv/a', '/srv/b'] });
        await expect(channel.hold(4000, within(5000))).rejects.toMatchObject({ code: 'quiesce.frozen-by-another' });
        await writesWithin(1000, diskAt(guest, '/srv/b'));
        await channel.close();
        expect(await diskAt(guest, '/srv/a').thaw()).toBe('was frozen');
      });

      if (form === 'sh') {
        test('does not hold /', async () => {
          await expect(ask('/')).rejects.toMatchObject({ code: 'quiesce.sh-holds-no-root' });
        });
      } else {
        test('holds / when it is named, and lets it go', async () => {
          const channel = await openChannel(shell, guest, { interpreter: form, mounts: ['/', '/srv/a'] });
          await channel.hold(4000, within(5000));
          await standsStill(diskAt(guest, '/'), diskAt(guest, '/srv/a'));
          expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
          await channel.close();
        });
      }

      test('says that it was not kept when somebody else has let a mount go', async () => {
        const channel = await openChannel(shell, guest, { interpreter: form, mounts: ['/srv/a', '/srv/b'] });
        await channel.hold(4000, within(5000));
        expect(await diskAt(guest, '/srv/b').thaw()).toBe('was frozen');
        expect(await channel.release('taken', within(5000))).toMatchObject({
          kind: 'expired',
          why: expect.stringContaining('/srv/b'),
        });
        await channel.close();
      });
    },
  );

  test('the sh holder holds nothing by a lease that it cannot write down', async () => {
    guest.run('mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', '/run');
    const channel = await openChannel(shell, guest, { interpreter: 'sh', mounts: ['/srv/a'] });
    try {
      guest.run('sh', '-c', 'dd if=/dev/zero of=/run/full bs=4k 2> /dev/null; true');
      await expect(channel.hold(4000, within(5000))).rejects.toThrow('no room under /run');
      await writesWithin(1000, diskAt(guest, '/srv/a'));
    } finally {
      await channel.close();
      guest.run('umount', '-l', '/run');
    }
  });

  test('what is mounted must be what the plan was made from', async () => {
    const channel = await openChannel(shell, guest, {});
    await channel.recheck(within(5000));
    guest.run('sh', '-c', 'mkdir -p /mnt/new && mount --bind /srv/a /mnt/new');
    try {
      await expect(channel.recheck(within(5000))).rejects.toMatchObject({ code: 'quiesce.mounts-changed' });
    } finally {
      guest.run('umount', '/mnt/new');
      await channel.close();
    }
  });

  test('a file system that was read-only in the plan, and is written to now, is not still by itself', async () => {
    guest.run('mount', '-o', 'remount,ro', '/srv/b');
    try {
      const channel = await openChannel(shell, guest, { mounts: ['/srv/a'] });
      await channel.recheck(within(5000));
      guest.run('mount', '-o', 'remount,rw', '/srv/b');
      await expect(channel.recheck(within(5000))).rejects.toMatchObject({ code: 'quiesce.mounts-changed' });
      await channel.close();
    } finally {
      guest.run('mount', '-o', 'remount,rw', '/srv/b');
    }
  });
});
