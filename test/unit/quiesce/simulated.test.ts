import { expect, test } from 'vitest';
import { deadline } from '../../../src/base/deadline.ts';
import { simulated } from '../../doubles/guest.ts';
import { handClock } from '../../sim/hand-clock.ts';

test('the end of an earlier hold’s lease lets nobody in beside whoever has the guest by then', async () => {
  const clock = handClock();
  const guest = simulated(clock);
  const limit = deadline(clock, 60_000, 'the test');
  const open = (owner: string) =>
    guest.open(
      { vm: 'mail01', connect: () => Promise.reject(new Error('none')), told: new Map() },
      { owner, covers: [], gives: 'filesystem', watches: [], maxLeaseMs: 5000 },
      limit,
    );
  const first = await open('run 1');
  await clock.drive(first.hold(5000, limit));
  await clock.drive(first.release('taken', limit));
  await first.close();
  await open('run 2');
  await clock.pass(6000);
  await expect(open('run 3')).rejects.toMatchObject({ code: 'locked', message: 'held by run 2' });
  limit.done();
});
