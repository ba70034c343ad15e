import { expect, test } from 'vitest';
import type { CutUnit } from '../../src/model.ts';
import type { ArmedCut } from '../../src/ports.ts';
import { runWindow } from '../../src/window/run.ts';
import { handClock } from './hand-clock.ts';
import { type GuestScene, play, type Scene } from './world.ts';

const mail01: GuestScene = {
  optional: false,
  after: false,
  gives: 'filesystem',
  lends: false,
  disks: [{ array: 0, unit: 0, held: true, missed: false }],
  behaves: {},
};
const scene: Scene = {
  guests: [mail01],
  arrays: [{ units: 1, cutMs: 20, answerMs: 5, fence: 'none', answers: 'cut' }],
  windowMs: 8000,
};

test('an optional guest whose hold never comes leaves the others time to be cut, also where timers are late', async () => {
  const clock = handClock();
  const late = { ...clock, after: (ms: number, run: () => void) => clock.after(ms + 2, run) };
  const web01: GuestScene = { ...mail01, optional: true, behaves: { holdTakesMs: 60_000 } };
  const { record } = await play({ ...scene, guests: [mail01, web01] }, late);
  expect(record.stopped).toBeUndefined();
  expect(record.fires).toMatchObject([{ outcome: 'cut' }]);
  expect(record.holds).toMatchObject([{ vm: 'g0', release: 'kept' }, { vm: 'g1' }]);
});

test('a file system that does not let go keeps no application of the same guest paused: 500 ms, and it is told', async () => {
  const db01: GuestScene = { ...mail01, lends: true, behaves: { releaseTakesMs: 20_000 } };
  const { record } = await play({ ...scene, guests: [db01] });
  const [application, files] = record.holds;
  expect(files?.release).toBe('unknown');
  expect((application?.releaseSentAtMs ?? Infinity) - (files?.releaseSentAtMs ?? 0)).toBe(500);
  expect(application?.release).toBe('kept');
});

test('a required guest whose turn never came, behind an optional one that used up the time, means that nothing is fired', async () => {
  const web01: GuestScene = { ...mail01, optional: true, behaves: { holdTakesMs: 60_000 } };
  const { record } = await play({ ...scene, guests: [web01, { ...mail01, after: true }] });
  expect(record.holds.map(({ vm }) => vm)).toEqual(['g0']);
  expect(record).toMatchObject({ fires: [], stopped: { code: 'guest.not-held' } });
});

test('a hold that is sent later has a shorter lease: every lease ends with the window', async () => {
  const slow: GuestScene = { ...mail01, behaves: { holdTakesMs: 700 } };
  const { record } = await play({ ...scene, guests: [slow, { ...mail01, after: true }] });
  const [first, second] = record.holds.map(({ sentAtMs }) => sentAtMs - record.openedAtMs);
  expect([first, (second ?? 0) >= 700]).toEqual([0, true]);
  for (const { sentAtMs, leaseMs } of record.holds) expect(sentAtMs - record.openedAtMs + leaseMs).toBe(8000);
});

test('a unit of which its driver says nothing is unknown, whatever it says of the others', async () => {
  const clock = handClock();
  const unit = (id: string): CutUnit => ({ array: 'a0', id, volumes: [], alsoCaptures: [] });
  const armed: ArmedCut = {
    units: [unit('told'), unit('untold')],
    recheck: async () => ({ forecastMs: 20 }),
    fire: async () => [{ kind: 'cut', unit: unit('told') }],
    collect: async () => ({ taken: [], settled: true }),
  };
  const record = await clock.drive(
    runWindow({
      clock,
      timing: { windowMs: 8000, reserveMs: 1200, releaseMs: 5000 },
      guests: [],
      arrays: [{ array: 'a0', armed, forecastMs: 20, fence: false }],
      interrupt: new AbortController().signal,
      emit: () => {},
    }),
  );
  expect(record.fires).toMatchObject([
    { unit: 'told', outcome: 'cut' },
    { unit: 'untold', outcome: 'unknown' },
  ]);
  expect(record.stopped?.code).toBe('array.no-answer');
});
