import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { WindowRecord } from '../../../src/model.ts';
import { drawWindow, proofOf } from '../../../src/ui/drawing.ts';
import { widthOf } from '../../../src/ui/text.ts';
import { mailWindow } from '../../fixtures/sets.ts';

/** Four instants in order, in a window that is longer than they are. */
const instants = fc
  .tuple(
    fc.float({ min: 0, max: 60_000, noNaN: true }),
    fc.array(fc.float({ min: 0, max: 60_000, noNaN: true }), { minLength: 4, maxLength: 4 }),
  )
  .map(([more, inside]) => ({ length: Math.max(...inside) + more, at: [...inside].sort((a, b) => a - b) }));

function windowOf(length: number, [held = 0, sent = 0, answered = 0, released = 0]: readonly number[]): WindowRecord {
  return {
    ...mailWindow(),
    openedAtMs: 0,
    closedAtMs: length,
    holds: mailWindow()
      .holds.slice(0, 1)
      .map((hold) => ({ ...hold, sentAtMs: 0, heldAtMs: held, releaseSentAtMs: released, releasedAtMs: released })),
    fires: mailWindow()
      .fires.slice(0, 1)
      .map((fire) => ({ ...fire, sentAtMs: sent, answeredAtMs: answered })),
  };
}

test('what lies inside a hold in time never lies outside it in the picture, and no line is too long', () => {
  fc.assert(
    fc.property(instants, fc.integer({ min: 60, max: 160 }), ({ length, at }, width) => {
      const [axis = '', hold = '', fire = ''] = drawWindow(windowOf(length, at), { width });
      expect(fire.search(/[[#]/)).toBeGreaterThanOrEqual(hold.indexOf('|'));
      expect(fire.search(/[\]#] {2}/)).toBeLessThanOrEqual(hold.lastIndexOf('|'));
      for (const line of [axis, hold, fire]) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }),
  );
});

test('the sentence of proof stands only where the picture shows it', () => {
  const whole = windowOf(100, [10, 20, 30, 90]);
  const [hold] = whole.holds;
  const [fire] = whole.fires;
  if (hold === undefined || fire === undefined) throw new Error('it has both');
  const { heldAtMs: _held, ...neverHeld } = hold;
  const { answeredAtMs: _answered, ...unanswered } = fire;
  expect(proofOf(whole)).toContain('this is the proof');
  const short: readonly WindowRecord[] = [
    windowOf(100, [25, 20, 30, 90]),
    windowOf(100, [10, 20, 95, 90]),
    { ...whole, holds: [] },
    { ...whole, fires: [] },
    { ...whole, holds: [neverHeld] },
    { ...whole, holds: [{ ...hold, release: 'expired' }] },
    { ...whole, fires: [unanswered] },
    { ...whole, fires: [fire, { ...fire, outcome: 'refused' }] },
    { ...whole, stopped: { code: 'x', message: 'interrupted' } },
  ];
  for (const record of short) expect(proofOf(record)).toBeUndefined();
});
