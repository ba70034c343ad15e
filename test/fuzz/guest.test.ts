import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { fsfreezeSettings } from '../../src/quiesce/fsfreeze/config.ts';
import { fsfreeze } from '../../src/quiesce/fsfreeze/method.ts';
import { refusal } from '../../src/quiesce/holder/refusal.ts';
import { reportIn } from '../../src/quiesce/holder/words.ts';
import { choose } from '../../src/quiesce/probe/choose.ts';
import { countFindings } from '../../src/quiesce/probe/counted.ts';
import { factsIn } from '../../src/quiesce/probe/facts.ts';
import { guestView } from '../../src/quiesce/probe/guest.ts';
import { usesOf } from '../../src/quiesce/probe/uses.ts';
import { patient } from '../patience.ts';
import { PROBE, SPOKEN, wildGuest } from './kit/guest.ts';
import { mutated } from './kit/mutated.ts';
import { runs, settles, survives } from './kit/survives.ts';

const NONCE = '0123456789abcdef';
describe('whatever a guest says of itself', () => {
  test('is understood or refused, and never longer than a person reads', () => {
    fc.assert(
      fc.property(mutated([PROBE.join('\n')]), (said) => {
        survives(() => concluded(said.toString().split('\n')));
      }),
      runs(100),
    );
  });

  test('is a word of this session or none', () => {
    const line = fc.oneof(
      mutated(SPOKEN.map((words) => `${NONCE} ${words}`)).map(String),
      fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `${NONCE} ${text}`),
    );
    fc.assert(
      fc.property(line, (text) => {
        const report = reportIn(text, NONCE);
        if (report?.kind === 'error') expect(refusal('guest', report).message.length).toBeLessThan(2000);
      }),
      runs(1000),
    );
  });

  test('ends a whole hold in a value or a Fault, and its release in a word that a manifest can hold', async () => {
    const mouths = fc.array(mutated(SPOKEN).map(String), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(mouths, fc.constantFrom('probe', 'open', 'arm', 'ping', 'freeze', 'thaw'), async (lines, at) => {
        await heldAndReleased(at, lines);
      }),
      runs(100),
    );
  });

  test.each([
    ['__proto__'],
    ['constructor'],
    ['toString'],
    ['9000 letters', 'x'.repeat(9000)],
    ['an escape', '\u001b[2J'],
  ])('a reason that is %s ends no process, and is no word of ours', async (name, word = name) => {
    await heldAndReleased('probe', [`ERROR ${word} /srv -`]);
    await heldAndReleased('freeze', [`REFUSED ${word}`]);
    const release = await heldAndReleased('thaw', ['THAW 0 0 EINVAL', `THAWED by=${word}`], 5000);
    expect(release).toEqual({ kind: 'expired', why: 'for a reason that we do not know' });
  });
});

describe('a guest that tells too much', () => {
  const many = (count: number, line: (index: number) => string): readonly string[] =>
    Array.from({ length: count }, (_, index) => line(index));
  const disk = (index: number): string => `L /sys/class/block/sd${index} /sys/devices/block/sd${index}`;

  test('of devices or mounts is refused', () => {
    const mounts = Buffer.from(many(10_001, (index) => `${index} 1 8:0 / /m${index} rw - ext4 /dev/sda rw\n`).join(''));
    expect(() => concluded([`F /proc/self/mountinfo ${mounts.toString('hex')}`])).toThrow('10001 mounts');
    const disks = many(4001, (index) => `${disk(index)}\nF /sys/class/block/sd${index}/size 31`);
    expect(() => concluded(disks.flatMap((line) => line.split('\n')))).toThrow('4001 block devices');
  });

  test('as many as are allowed, all stacked on one another and all mounted, are looked through', () => {
    const lines = many(2000, (index) =>
      [
        disk(index),
        `F /sys/class/block/sd${index}/size 31`,
        `F /sys/class/block/sd${index}/dev ${Buffer.from(`8:${index}`).toString('hex')}`,
        `L /sys/class/block/sd${index}/slaves/sd${index + 1} /sys/devices/block/sd${index + 1}`,
      ].join('\n'),
    );
    const mounts = many(2000, (index) => `${index} 1 8:${index} / /m${index} rw - ext4 /dev/sd${index} rw\n`).join('');
    const table = `F /proc/self/mountinfo ${Buffer.from(mounts).toString('hex')}`;
    expect(concluded([...lines.flatMap((part) => part.split('\n')), table]).uses).toHaveLength(2000);
  });

  test('without end is let go of, with what it said', async () => {
    const guest = wildGuest({ at: 'probe', lines: [`F /proc/x ${'00'.repeat(5000)}`], forever: true });
    const quiescer = fsfreeze(fsfreezeSettings.parse({}), { clock: systemClock });
    await expect(quiescer.probe(guest, deadline(systemClock, patient(30_000), 'the test'))).rejects.toMatchObject({
      code: 'quiesce.holder-ended',
      message: 'guest01: the holder ended: it said more than 16 MiB',
    });
  });
});

describe('a mount point that nobody could type', () => {
  test.each(['/srv/a\\012b', '/srv/\\033[2J', '/srv/\\377', `/srv/${'x'.repeat(1200)}`])(
    '%.20s is not held',
    (path) => {
      const table = `20 1 8:16 / ${path} rw - ext4 /dev/sdb rw\n`;
      const { findings } = concluded([
        ...PROBE.filter((line) => !line.startsWith('F /proc/self/mountinfo')),
        `F /proc/self/mountinfo ${Buffer.from(table).toString('hex')}`,
      ]);
      expect(findings).toContainEqual(expect.objectContaining({ code: 'quiesce.odd-name', severity: 'error' }));
    },
  );
});

function concluded(lines: readonly string[]) {
  const view = guestView(factsIn(lines.flatMap((line) => reportIn(`${NONCE} ${line}`, NONCE) ?? [])));
  const { findings, superblocks } = choose(view, 'auto', 'python3', 'guest01');
  const uses = usesOf(view, superblocks);
  for (const { message, hint } of [...findings, ...countFindings(view, uses, 'guest01')])
    expect(`${message}${hint ?? ''}`.length).toBeLessThan(10_000);
  return { findings, uses };
}

/** One hold of a guest that at one word answers with these lines instead of its own. */
async function heldAndReleased(at: string, lines: readonly string[], withinMs = 80) {
  const guest = wildGuest({ at, lines });
  const quiescer = fsfreeze(fsfreezeSettings.parse({}), { clock: systemClock });
  const soon = deadline(systemClock, withinMs, 'the guest');
  try {
    const order = { owner: 'a test', covers: [], gives: 'filesystem' as const, watches: ['sdb'], maxLeaseMs: 30_000 };
    await settles(quiescer.probe(guest, soon));
    const channel = await settles(quiescer.open(guest, order, soon));
    if (channel === undefined) return undefined;
    await settles(channel.recheck(soon));
    await settles(channel.hold(30_000, soon));
    const release = await channel.release('taken', soon);
    expect(['string', 'undefined']).toContain(typeof release.why);
    expect((release.why ?? '').length).toBeLessThan(1000);
    await channel.close();
    return release;
  } finally {
    soon.done();
  }
}
