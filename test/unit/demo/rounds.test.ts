import { describe, expect, test } from 'vitest';
import { isTorn } from '../../../src/demo/image.ts';
import { insistOnWriters, tally } from '../../../src/demo/rounds.ts';

const image = (boot: number, data: number) => ({ vm: 'mail01', boot, data });

describe('the two numbers of a guest', () => {
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
});
