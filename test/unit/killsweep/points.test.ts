import { expect, test } from 'vitest';
import { type Choice, chosen, pointsIn } from '../../lab/killsweep/points.ts';

const LIST = [
  'before mkdir . #1',
  'before ssh 10.0.0.1 python3 > ping #1',
  'before ssh 10.0.0.1 python3 > freeze #1',
  'after ssh 10.0.0.1 python3 < ALL-FROZEN #1',
  'before ssh 10.0.0.2 python3 > freeze #1',
  'before sh > 0 #1',
  'after ssh 10.0.0.1 python3 < THAWED #1',
  'after ssh 10.0.0.2 python3 < THAWED #1',
  'after rename runs/RUN/window.json #1',
  '',
].join('\n');

const A_COMMIT: Choice = { sample: { count: 24, from: 'a commit' }, part: 1, of: 1 };

test('the window goes from the first hold to the last word of a release', () => {
  expect(pointsIn(LIST).map(({ inWindow }) => inWindow)).toEqual([
    ...[false, false],
    ...[true, true, true, true, true, true],
    false,
  ]);
});

test('a command that holds nobody has no window', () => {
  const points = pointsIn('before mkdir . #1\nafter mkdir . #1\n');
  expect(points.map(({ inWindow }) => inWindow)).toEqual([false, false]);
});

test('a sample has every point of the window, and so many others, the same ones for the same commit', () => {
  const points = [
    ...pointsIn(LIST),
    ...pointsIn(Array.from({ length: 200 }, (_, nth) => `after sync #${nth}`).join('\n')),
  ];
  const drawn = chosen(points, A_COMMIT);
  expect(drawn.filter(({ inWindow }) => inWindow)).toHaveLength(6);
  expect(drawn).toHaveLength(30);
  expect(chosen(points, A_COMMIT)).toEqual(drawn);
  expect(chosen(points, { ...A_COMMIT, sample: { count: 24, from: 'another' } })).not.toEqual(drawn);
  expect(points.filter((point) => drawn.includes(point))).toEqual(drawn);
});

test('the parts of a whole sweep are all of it, and none has what another has', () => {
  const points = pointsIn(LIST);
  const parts = [1, 2, 3].flatMap((part) => chosen(points, { part, of: 3 }));
  expect(parts).toHaveLength(points.length);
  expect(new Set(parts)).toEqual(new Set(points));
});
