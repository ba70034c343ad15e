import { describe, expect, test } from 'vitest';
import { beforeDeadline, deadline } from '../../../src/base/deadline.ts';
import { Fault } from '../../../src/base/fault.ts';
import type { GuestChannel } from '../../../src/ports.ts';
import { holderChannel } from '../../../src/quiesce/holder/channel.ts';
import type { Session } from '../../../src/quiesce/holder/session.ts';
import type { Report } from '../../../src/quiesce/holder/words.ts';
import { type HandClock, handClock } from '../../sim/hand-clock.ts';

describe('a channel that is released while its first word is still on the way', () => {
  test('sends no hold after that: nobody would let the guest go', async () => {
    const clock = handClock();
    const said: string[] = [];
    const { session, pong } = slowSession(said);
    const channel = channelOver(session, clock);
    const limit = deadline(clock, 5000, 'the test');
    const holding = channel.hold(8000, limit).catch((thrown: unknown) => thrown);
    await clock.pass(1);
    expect(said).toEqual(['ping']);
    // Another guest failed, and the window lets everybody go in the same turn in which this one's answer arrives.
    const released = channel.release('taken', limit);
    pong();
    expect(await clock.drive(holding)).toMatchObject({ code: 'quiesce.given-up' });
    expect((await released).kind).toBe('expired');
    expect(said).toEqual(['ping']);
    limit.done();
  });
});

describe('what a release says', () => {
  const stood = { first: '0', again: 'EINVAL' };

  test.each([
    ['every mount stood until our word', 'word', [stood, stood], 'kept'],
    ['one had been released by somebody else', 'word', [stood, { first: 'EINVAL', again: 'EINVAL' }], 'expired'],
    ['of one nothing is said', 'word', [stood], 'expired'],
    ['the lease ended first', 'lease', [stood, stood], 'expired'],
    ['the line ended first', 'line', [stood, stood], 'expired'],
    ['one could not be released', 'word', [stood, { first: 'stuck', again: '-' }], 'unknown'],
  ])('where %s', async (_, by, thaws, kind) => {
    const { channel, say, clock } = await held();
    const released = channel.release('taken', deadline(clock, 5000, 'the test'));
    for (const [index, thaw] of thaws.entries()) say({ kind: 'thaw', index, ...thaw });
    say({ kind: 'thawed', by, written: undefined });
    expect((await clock.drive(released)).kind).toBe(kind);
  });

  test.each([
    ['nobody wrote to a disk that was watched', [], { kind: 'kept' }],
    ['somebody did', [{ disk: 'sdb', what: 8 }], { kind: 'written', why: '8 sectors of sdb' }],
    [
      'a write had not ended yet',
      [{ disk: 'sdb', what: 'flying' }],
      { kind: 'written', why: 'a write to sdb was under way' },
    ],
    [
      'a counter could not be read',
      [{ disk: 'sdb', what: 'unread' }],
      { kind: 'expired', why: 'whether sdb was written to meanwhile could not be counted' },
    ],
    [
      'nothing is said of it',
      undefined,
      { kind: 'expired', why: 'whether a disk was written to meanwhile could not be counted' },
    ],
    [
      'another disk is told of',
      [{ disk: 'sdx', what: 8 }],
      { kind: 'expired', why: 'whether a disk was written to meanwhile could not be counted' },
    ],
  ] as const)('where %s', async (_, written, word) => {
    const { channel, say, clock } = await held(['sdb']);
    const released = channel.release('taken', deadline(clock, 5000, 'the test'));
    for (const index of [0, 1]) say({ kind: 'thaw', index, ...stood });
    say({ kind: 'thawed', by: 'word', written });
    expect(await clock.drive(released)).toEqual(word);
  });

  test('a line that is lost before the guest’s word leaves it unknown', async () => {
    const { channel, loseLine, clock } = await held();
    const released = channel.release('taken', deadline(clock, 5000, 'the test'));
    loseLine();
    expect(await clock.drive(released)).toMatchObject({ kind: 'unknown' });
  });

  test('a hold that was never confirmed was not kept, however well it was let go', async () => {
    const clock = handClock();
    const { session, say } = talkingSession();
    const channel = channelOver(session, clock, ['/srv']);
    const holding = channel.hold(8000, deadline(clock, 500, 'the hold')).catch((thrown: unknown) => thrown);
    expect(await clock.drive(holding)).toMatchObject({ code: 'deadline' });
    const released = channel.release('taken', deadline(clock, 5000, 'the test'));
    say({ kind: 'thaw', index: 0, ...stood });
    say({ kind: 'thawed', by: 'word', written: [] });
    expect(await clock.drive(released)).toEqual({ kind: 'expired', why: 'the hold was never confirmed' });
  });
});

describe('a hold', () => {
  test('of which the news came after its lease is none', async () => {
    const clock = handClock();
    const { session, say } = talkingSession();
    const channel = channelOver(session, clock, ['/srv']);
    const holding = channel.hold(800, deadline(clock, 5000, 'the hold')).catch((thrown: unknown) => thrown);
    await clock.pass(800);
    say({ kind: 'all-frozen' });
    expect(await clock.drive(holding)).toMatchObject({ code: 'quiesce.late' });
  });

  test('longer than was agreed with the guest is not asked for', async () => {
    const clock = handClock();
    const { session, said } = talkingSession();
    const limit = deadline(clock, 5000, 'the hold');
    const holding = channelOver(session, clock).hold(8001, limit);
    expect(await clock.drive(holding.catch((thrown: unknown) => thrown))).toMatchObject({ code: 'quiesce.lease' });
    expect(said).toEqual([]);
  });
});

/** A channel over two mounts that holds, and was heard to. */
async function held(
  watches: readonly string[] = [],
): Promise<ReturnType<typeof talkingSession> & { channel: GuestChannel; clock: HandClock }> {
  const clock = handClock();
  const talking = talkingSession();
  const channel = channelOver(talking.session, clock, ['/srv', '/var'], undefined, watches);
  const holding = channel.hold(8000, deadline(clock, 5000, 'the hold'));
  await clock.pass(1);
  talking.say({ kind: 'all-frozen' });
  await clock.drive(holding);
  return { ...talking, channel, clock };
}

function channelOver(
  session: Session,
  clock: HandClock,
  things: readonly string[] = ['/srv'],
  recheck = async (): Promise<void> => {},
  watches: readonly string[] = [],
): GuestChannel {
  return holderChannel({
    session,
    clock,
    held: { gives: 'filesystem', covers: [] },
    maxLeaseMs: 8000,
    things,
    watches,
    failed: () => new Fault({ code: 'x', message: 'x' }),
    flush: async () => {},
    recheck,
  });
}

/** A session that answers pings at once, and otherwise says what the test tells it to. */
function talkingSession() {
  const hearers = new Set<(report: Report) => void>();
  const said: string[] = [];
  const say = (report: Report): void => {
    for (const hear of [...hearers]) hear(report);
  };
  let state = 'ready';
  let lose = (): void => {};
  const session: Session = {
    where: 'guest',
    tell: (word) => void said.push(word),
    ask([word, mark = ''], last, limit) {
      said.push(word);
      const heard: Report[] = [];
      const answer = new Promise<readonly Report[]>((resolve) => {
        const hear = (report: Report): void => {
          heard.push(report);
          if (report.kind === 'all-frozen') state = 'held';
          if (last(report)) resolve(heard);
        };
        hearers.add(hear);
      });
      if (word === 'ping') say({ kind: 'pong', mark, state });
      return beforeDeadline(answer, limit);
    },
    listen(hear) {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    ended: new Promise((resolve) => {
      lose = () => resolve({ exit: null, stderr: '', why: 'connection reset' });
    }),
    end: () => {},
  };
  return { session, said, say, loseLine: () => lose() };
}

describe('a guest that was asked to let go, and says that it stood until then', () => {
  for (const { saysAfterMs, kind } of [
    { saysAfterMs: 3999, kind: 'kept' },
    { saysAfterMs: 4000, kind: 'expired' },
  ] as const) {
    test(`${saysAfterMs} ms into a lease of 4000 ms: ${kind}`, async () => {
      const clock = handClock();
      const { session, report } = readySession();
      const channel = channelOver(session, clock);
      const limit = deadline(clock, 60_000, 'the test');
      await channel.hold(4000, limit);
      const released = channel.release('taken', limit);
      await clock.pass(saysAfterMs);
      report({ kind: 'thaw', index: 0, first: '0', again: 'EINVAL' });
      report({ kind: 'thawed', by: 'word', written: [] });
      expect(await released).toEqual(
        kind === 'kept' ? { kind } : { kind, why: 'its word came after its lease had ended' },
      );
      limit.done();
    });
  }
});

test('a holder that ends before the hold says why, and what to do', async () => {
  const clock = handClock();
  const { session, report } = readySession();
  const channel = channelOver(session, clock, ['/srv'], async () => {
    report({ kind: 'thawed', by: 'freezer-gone', written: undefined });
    throw new Fault({ code: 'quiesce.holder-ended', message: 'guest: the holder ended: exit 0' });
  });
  const limit = deadline(clock, 5000, 'the test');
  await expect(channel.recheck(limit)).rejects.toMatchObject({
    message: 'guest: the holder ended before it was told to hold: the holder’s freezer was killed',
    hint: expect.stringContaining('system log'),
  });
  limit.done();
});

/** A session that does at once what it is told; it reports more when the test says so. */
function readySession(): { readonly session: Session; readonly report: (report: Report) => void } {
  const listeners: ((report: Report) => void)[] = [];
  return {
    report: (report) => {
      for (const hear of listeners) hear(report);
    },
    session: {
      where: 'guest',
      tell: () => {},
      async ask([word, mark = '']) {
        return word === 'ping' ? [{ kind: 'pong', mark, state: 'held' }] : [{ kind: 'all-frozen' }];
      },
      listen(hear) {
        listeners.push(hear);
        return () => {};
      },
      ended: new Promise(() => {}),
      end: () => {},
    },
  };
}

/** A session whose pings are answered when the test says so. */
function slowSession(said: string[]): { readonly session: Session; readonly pong: () => void } {
  let answer = (): void => {};
  return {
    pong: () => answer(),
    session: {
      where: 'guest',
      tell: (word) => void said.push(word),
      ask([word, mark = ''], _last, limit) {
        said.push(word);
        const answered = new Promise<readonly Report[]>((resolve) => {
          answer = () => resolve([{ kind: 'pong', mark, state: 'ready' }]);
        });
        return beforeDeadline(answered, limit);
      },
      listen: () => () => {},
      ended: new Promise(() => {}),
      end: () => {},
    },
  };
}
