import { expect, test } from 'vitest';
import { sleep } from '../../../src/base/clock.ts';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import { unlessInterrupted, writtenUnlessInterrupted } from '../../../src/cli/interrupted.ts';
import { handClock } from '../../sim/hand-clock.ts';

const never = new Promise<never>(() => {});
const TERM = interruptedBy('SIGTERM', 15);

function scene(interruptedAfterMs = Number.POSITIVE_INFINITY) {
  const clock = handClock();
  const control = new AbortController();
  if (interruptedAfterMs < Number.POSITIVE_INFINITY) clock.after(interruptedAfterMs, () => control.abort(TERM));
  const after = async (ms: number, exit: number): Promise<number> => {
    await sleep(clock, ms);
    return exit;
  };
  return { clock, cli: { clock, interrupt: control.signal }, after };
}

test('a command that nobody interrupts ends as it ends', async () => {
  const { clock, cli, after } = scene();
  expect(await clock.drive(unlessInterrupted(cli, after(60_000, 3)))).toBe(3);
  await expect(clock.drive(unlessInterrupted(cli, Promise.reject(TERM)))).rejects.toBe(TERM);
});

test('one that does not listen is left after three seconds, and has the signal’s exit', async () => {
  const { clock, cli } = scene(1_000);
  await expect(clock.drive(unlessInterrupted(cli, never))).rejects.toBe(TERM);
  expect(clock.now()).toBe(4_000);
});

test.each([0, 4])(
  'one that ends by itself after the signal, with %i, has the signal’s exit all the same',
  async (exit) => {
    const { clock, cli, after } = scene(1_000);
    await expect(clock.drive(unlessInterrupted(cli, after(2_000, exit)))).rejects.toBe(TERM);
    expect(clock.now()).toBe(2_000);
  },
);

test('one that fails because of the signal says nothing but that', async () => {
  const { clock, cli } = scene(1_000);
  const fails = sleep(clock, 1_500).then(() => Promise.reject(new Error('array ceph: interrupted')));
  await expect(clock.drive(unlessInterrupted(cli, fails))).rejects.toBe(TERM);
});

test('one to which a signal is an end like any other keeps its own', async () => {
  const { clock, cli, after } = scene(1_000);
  expect(await clock.drive(unlessInterrupted(cli, after(1_200, 143)))).toBe(143);
});

test('a reader who does not read is waited for until somebody interrupts', async () => {
  const { clock, cli } = scene(1_000);
  expect(await clock.drive(writtenUnlessInterrupted(cli, sleep(clock, 900)))).toBe(true);
  expect(await clock.drive(writtenUnlessInterrupted(cli, never))).toBe(false);
  expect(clock.now()).toBe(1_500);
});
