import { expect, test } from 'vitest';
import { beforeDeadline, deadline, hurried } from '../../../src/base/deadline.ts';
import { Fault } from '../../../src/base/fault.ts';
import { handClock } from '../../sim/hand-clock.ts';

const never = new Promise<never>(() => {});
const interrupted = new Fault({ code: 'interrupted', message: 'interrupted by SIGINT' });

/** How waiting for it has ended by now; undefined: it goes on. */
function watched(work: Promise<unknown>): { end?: unknown } {
  const seen: { end?: unknown } = {};
  work.then(
    (value) => {
      seen.end = value;
    },
    (thrown: unknown) => {
      seen.end = thrown;
    },
  );
  return seen;
}

test('work that does not obey its deadline is waited for no longer than that', async () => {
  const clock = handClock();
  const waiting = watched(beforeDeadline(never, deadline(clock, 100, 'asking')));
  await clock.pass(99);
  expect(waiting).toEqual({});
  await clock.pass(1);
  expect(waiting.end).toMatchObject({ code: 'deadline', message: 'asking: no answer within 100 ms' });
});

test('a budget inside another ends with it at the latest, and says how long it really had', async () => {
  const clock = handClock();
  const outer = deadline(clock, 100, 'the run');
  await clock.pass(60);
  const inner = outer.within(1000, 'one call');
  expect(inner.remainingMs()).toBe(40);
  const waiting = watched(beforeDeadline(never, inner));
  await clock.pass(40);
  expect(waiting.end).toMatchObject({ code: 'deadline' });
});

test('an interrupt ends it and every budget inside it, with its own reason; one made afresh goes on', async () => {
  const clock = handClock();
  const interrupt = new AbortController();
  const run = deadline(clock, 1000, 'the run', interrupt.signal);
  const inner = run.within(500, 'one call');
  const undoing = run.afresh(500, 'undoing');
  interrupt.abort(interrupted);
  expect([run, inner].map(({ signal }) => signal.reason)).toEqual([interrupted, interrupted]);
  expect([run, inner, undoing].map((one) => one.remainingMs())).toEqual([0, 0, 500]);
});

test('one that is over before it begins waits for nothing', async () => {
  const clock = handClock();
  const limit = deadline(clock, 1000, 'the run', AbortSignal.abort(interrupted));
  await expect(beforeDeadline(never, limit)).rejects.toBe(interrupted);
});

test.each([0, 70])(
  'one in a hurry ends so long after the interrupt, or after its own begin; interrupted at %i ms',
  async (atMs) => {
    const clock = handClock();
    const interrupt = new AbortController();
    const run = deadline(clock, 1000, 'asking');
    if (atMs === 0) interrupt.abort(interrupted);
    const limit = hurried(clock, run, interrupt.signal, 40);
    const inner = limit.within(500, 'one call');
    const waiting = watched(beforeDeadline(never, limit));
    await clock.pass(atMs);
    if (atMs > 0) expect(limit.remainingMs()).toBe(930);
    interrupt.abort(interrupted);
    expect(limit.remainingMs()).toBe(40);
    await clock.pass(39);
    expect(waiting).toEqual({});
    await clock.pass(1);
    expect(waiting.end).toMatchObject({ message: 'asking, after the signal: no answer within 40 ms' });
    expect([limit, inner, run].map((one) => one.remainingMs())).toEqual([0, 0, 960 - atMs]);
  },
);

test('one in a hurry that nobody interrupts is as long as the budget that it is of', async () => {
  const clock = handClock();
  const limit = hurried(clock, deadline(clock, 1000, 'asking'), new AbortController().signal, 40);
  const waiting = watched(beforeDeadline(never, limit));
  await clock.pass(999);
  expect(waiting).toEqual({});
  await clock.pass(1);
  expect(waiting.end).toMatchObject({ message: 'asking: no answer within 1 s' });
});
