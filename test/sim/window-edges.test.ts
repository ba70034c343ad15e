import { expect, test } from 'vitest';
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
