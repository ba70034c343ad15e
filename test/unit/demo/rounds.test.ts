import { describe, expect, test } from 'vitest';
import { imageOf, isTorn } from '../../../src/demo/image.ts';
import { insistOnWriters, tally } from '../../../src/demo/rounds.ts';
import { SLOTS } from '../../../src/demo/spot.ts';
import { ledgerHistory } from '../../fixtures/ledger.ts';

const LEDGER = ledgerHistory({ volumes: 2, slots: SLOTS }, 900);

/** What a guest's disks held that had written these numbers. */
const image = (boot: number, data: number) =>
  imageOf('mail01', LEDGER.at(1, Math.max(0, 2 * boot - 1)), LEDGER.at(2, 2 * data));

describe('the two numbers of a guest', () => {
  test('are those that its disks were written last', () => {
    expect(image(415, 384)).toMatchObject({ vm: 'mail01', boot: 415, data: 384 });
  });

  test('belong together where the data disk has the same number, or is the one step behind that the writer takes', () => {
    expect(isTorn(image(7, 7))).toBe(false);
    expect(isTorn(image(7, 6))).toBe(false);
    expect(isTorn(image(0, 0))).toBe(false);
  });

  test('are torn whichever disk was cut too late', () => {
    expect(isTorn(image(415, 384))).toBe(true);
    expect(isTorn(image(7, 8))).toBe(true);
    expect(isTorn(image(7, 5))).toBe(true);
  });
});

describe('the tally', () => {
  test('counts a round once, however many of its guests are torn', () => {
    const whole = [image(5, 5), image(6, 5)];
    const torn = [image(5, 1), image(6, 1), image(7, 7)];
    expect(tally([whole, torn, torn])).toEqual({ rounds: 3, torn: 2, images: 8, tornImages: 4 });
  });
});

describe('numbers that stand still', () => {
  test('show nothing, and are refused', () => {
    expect(() => insistOnWriters(undefined, [image(0, 0)])).toThrow(/mail01: nothing was written/);
    expect(() => insistOnWriters([image(7, 7)], [image(7, 7)])).toThrow(/nothing was written/);
    expect(() => insistOnWriters([image(7, 7)], [image(8, 7)])).not.toThrow();
  });

  test('are refused too where they are too few to be judged', () => {
    expect(() => insistOnWriters(undefined, [image(1, 1)])).toThrow(/mail01: too little was written/);
  });
});
