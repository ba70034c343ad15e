import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeLedger } from '../../../src/ledger/rule.ts';
import { type LedgerHistory, ledgerHistory } from '../../fixtures/ledger.ts';

const LENGTH = 240;
/** Rings that never turn, turn seldom, and turn all the time. */
const HISTORIES = [2, 3, 5].flatMap((volumes) =>
  [2, 4, 100].map((slots) => ({ volumes, slots, history: ledgerHistory({ volumes, slots }, LENGTH) })),
);
const anyHistory = fc.constantFrom(...HISTORIES);
const anyInstant = fc.integer({ min: 15, max: LENGTH - 1 });

interface Cut {
  readonly volumes: number;
  readonly history: LedgerHistory;
  readonly after: readonly number[];
}

describe('the rule', () => {
  test('finds nothing in copies of one instant, whichever that is', () => {
    fc.assert(
      fc.property(anyHistory, anyInstant, ({ volumes, history }, k) => {
        const report = judgeLedger(history.cut(...Array<number>(volumes).fill(k)));
        expect(report).toMatchObject({ answer: 'one-instant', highest: k, unfinished: false });
      }),
    );
  });

  test('finds nothing where, at that instant, the next line was half written', () => {
    fc.assert(
      fc.property(anyHistory, anyInstant, fc.integer({ min: 1, max: 126 }), ({ volumes, history }, k, written) => {
        const before = history.cut(...Array<number>(volumes).fill(k));
        const next = history.cut(...Array<number>(volumes).fill(k + 1));
        const halfWritten = before.map((copy, index) => between(copy, next[index] ?? copy, written));
        // The end of the old line can be the end of the new one, which is then whole.
        const isWhole = halfWritten.every(({ text }, index) => text === next[index]?.text);
        expect(judgeLedger(halfWritten)).toMatchObject({ answer: 'one-instant', highest: isWhole ? k + 1 : k });
      }),
    );
  });

  test('finds every difference of a round or more, whichever volumes were early', () => {
    fc.assert(
      fc.property(skewed(), ({ history, after }) => {
        expect(judgeLedger(history.cut(...after)).answer).toBe('violated');
      }),
    );
  });

  test('finds a difference exactly where some volume lacks a record that another one presupposes', () => {
    fc.assert(
      fc.property(anyCut(), ({ volumes, history, after }) => {
        const last = after.map((k, index) => lastOf(k, index + 1, volumes));
        const highest = Math.max(...last);
        const isTorn = last.some((own) => own + volumes <= highest);
        expect(judgeLedger(history.cut(...after)).answer).toBe(isTorn ? 'violated' : 'one-instant');
      }),
    );
  });

  test('no single byte that flips makes a violation a pass', () => {
    fc.assert(
      fc.property(
        skewed(),
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        ({ history, after }, nth, at, bits) => {
          const copies = history.cut(...after);
          const index = nth % copies.length;
          const flipped = copies.map((copy, own) => (own === index ? flip(copy, at, bits) : copy));
          expect(judgeLedger(flipped).answer).not.toBe('one-instant');
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('no damage of a few bytes makes a violation a pass, or breaks it', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 })), {
      minLength: 2,
      maxLength: 4,
    });
    fc.assert(
      fc.property(anyCut(), flips, ({ history, after }, damages) => {
        const copies = history.cut(...after);
        for (const [nth, at, bits] of damages) {
          const index = nth % copies.length;
          const copy = copies[index];
          if (copy !== undefined) copies[index] = flip(copy, at, bits);
        }
        expect(judgeLedger(copies).volumes).toHaveLength(copies.length);
      }),
    );
  });

  test('reads whatever it is given to its end', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ volume: fc.string(), text: fc.string({ unit: 'binary' }) })), (texts) => {
        expect(judgeLedger(texts).answer).toBe('cannot-be-judged');
      }),
    );
  });

  test.each([
    ['of zeros', '\0'],
    ['in one line', 'x'],
    ['of nothing but newlines', '\n'],
    ['that begins like a record', 'SPL-v1 0123456789abcdef 01/02 '],
  ])('ends with 100 MB %s', (_, piece) => {
    const text = piece.repeat(100_000_000 / piece.length);
    expect(judgeLedger([{ volume: '/a', text }])).toMatchObject({ answer: 'cannot-be-judged', records: 0 });
  });
});

/** Every volume cut after a record of its own. */
function anyCut(): fc.Arbitrary<Cut> {
  return anyHistory.chain(({ volumes, history }) =>
    fc.array(anyInstant, { minLength: volumes, maxLength: volumes }).map((after) => ({ volumes, history, after })),
  );
}

/** Two of them are a round or more apart. */
function skewed(): fc.Arbitrary<Cut> {
  return anyCut().filter(({ volumes, after }) => Math.max(...after) - Math.min(...after) >= 2 * volumes - 1);
}

/** The last record of a volume after record k of all. */
function lastOf(k: number, volume: number, volumes: number): number {
  return k - ((k - volume) % volumes);
}

function between(before: { volume: string; text: string }, after: { text: string }, written: number) {
  const at = [...before.text].findIndex((sign, index) => sign !== after.text[index]);
  if (at < 0) return before;
  const line = at - (at % 128);
  const text = before.text.slice(0, line) + after.text.slice(line, line + written) + before.text.slice(line + written);
  return { volume: before.volume, text };
}

function flip({ volume, text }: { volume: string; text: string }, at: number, bits: number) {
  const index = at % text.length;
  const flipped = String.fromCharCode(text.charCodeAt(index) ^ bits);
  return { volume, text: text.slice(0, index) + flipped + text.slice(index + 1) };
}
