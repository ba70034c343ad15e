import { describe, expect, test } from 'vitest';
import { deadline } from '../../../src/base/deadline.ts';
import { Fault } from '../../../src/base/fault.ts';
import { holderChannel } from '../../../src/quiesce/holder/channel.ts';
import type { Session } from '../../../src/quiesce/holder/session.ts';
import { handClock } from '../../sim/hand-clock.ts';

describe('a channel that is released while its first word is still on the way', () => {
  test('sends no hold after that: nobody would let the guest go', async () => {
    const clock = handClock();
    const said: string[] = [];
    const { session, pong } = slowSession(said);
    const channel = holderChannel({
      session,
      clock,
      held: { gives: 'filesystem', covers: [] },
      maxLeaseMs: 8000,
      things: ['/srv'],
      failed: () => new Fault({ code: 'x', message: 'x' }),
      flush: async () => {},
      recheck: async () => {},
    });
    const limit = deadline(clock, 5000, 'the test');
    const holding = channel.hold(8000, limit).catch((thrown: unknown) => thrown);
    await clock.pass(1);
    expect(said).toEqual(['ping']);
    // Another guest failed, and the window lets everybody go in the same turn in which this one's answer arrives.
    const released = channel.release(limit);
    pong();
    expect(await clock.drive(holding)).toMatchObject({ code: 'quiesce.given-up' });
    expect((await released).kind).toBe('expired');
    expect(said).toEqual(['ping']);
    limit.done();
  });
});

/** A session whose pings are answered when the test says so. */
function slowSession(said: string[]): { readonly session: Session; readonly pong: () => void } {
  let answer = (): void => {};
  return {
    pong: () => answer(),
    session: {
      where: 'guest',
      tell: (word) => void said.push(word),
      ask([word, mark = ''], _last, _limit) {
        said.push(word);
        return new Promise((resolve) => {
          answer = () => resolve([{ kind: 'pong', mark, state: 'ready' }]);
        });
      },
      listen: () => () => {},
      ended: new Promise(() => {}),
      end: () => {},
    },
  };
}
