import { describe, expect, test } from 'vitest';
import { BLANK } from '../../../src/ledger/record.ts';
import { judgeLedger } from '../../../src/ledger/rule.ts';
import { BEGUN_AT_MS, ledgerHistory } from '../../fixtures/ledger.ts';

const TWO = ledgerHistory({ volumes: 2, slots: 16 }, 100);
const THREE = ledgerHistory({ volumes: 3, slots: 8 }, 100);
const LINE = BLANK.length + 1;

describe('copies of one instant', () => {
  test('say so, with how many records, since when, and what would have escaped them', () => {
    expect(judgeLedger(TWO.cut(20, 20))).toEqual({
      answer: 'one-instant',
      ledger: '0123456789abcdef',
      expected: 2,
      highest: 20,
      records: 20,
      begunAtMs: BEGUN_AT_MS,
      lastAtMs: BEGUN_AT_MS + 80,
      roundMs: 8,
      unfinished: false,
      doubts: [],
      volumes: [
        { volume: '/mnt/1', number: 1, records: 10, last: 19, missing: 0, damaged: 0, unchained: 0 },
        { volume: '/mnt/2', number: 2, records: 10, last: 20, missing: 0, damaged: 0, unchained: 0 },
      ],
    });
  });

  test('may be given in any order', () => {
    expect(judgeLedger(THREE.cut(50, 50, 50).reverse())).toMatchObject({ answer: 'one-instant', highest: 50 });
  });

  test.each([1, 20, 45])('may have a last line that was not finished, after %i records', (unfinished) => {
    const [a, b] = TWO.cut(2 * unfinished + 5, 2 * unfinished + 5);
    const torn = {
      volume: '/mnt/2',
      text: damage(b?.text ?? '', 1 + ((unfinished + 2) % 16), 'SPL-v1 0123456789abcdef 02/02 000016 9'),
    };
    const report = judgeLedger([a ?? torn, torn]);
    expect(report).toMatchObject({ answer: 'one-instant', unfinished: true });
  });
});

describe('copies of two instants', () => {
  test.each([
    ['first', [14, 30] as const, '/mnt/1', 8],
    ['second', [30, 14] as const, '/mnt/2', 7],
  ])('are found where the %s volume was cut early', (_, cuts, behind, missing) => {
    const report = judgeLedger(TWO.cut(...cuts));
    expect(report.answer).toBe('violated');
    expect(report.volumes.filter((volume) => volume.missing > 0)).toMatchObject([{ volume: behind, missing }]);
  });

  test('are counted in records and in time', () => {
    const [, late] = judgeLedger(TWO.cut(31, 20)).volumes;
    expect(late).toMatchObject({ missing: 5, missingFrom: 22, behindMs: 44 });
  });

  test('are found where one is a whole ring behind the other', () => {
    expect(judgeLedger(TWO.cut(10, 90)).volumes[0]).toMatchObject({ missing: 16, missingFrom: 59 });
  });

  test('are found where one had not begun yet', () => {
    expect(judgeLedger(TWO.cut(0, 40)).volumes[0]).toMatchObject({ records: 0, missing: 16 });
  });

  test('are found between any two of three', () => {
    for (const cuts of [
      [30, 50, 50],
      [50, 30, 50],
      [50, 50, 30],
      [30, 40, 50],
    ]) {
      expect(judgeLedger(THREE.cut(...cuts)).answer).toBe('violated');
    }
  });
});

describe('what is damaged', () => {
  test('in the middle is a violation of its own', () => {
    const [a, b] = TWO.cut(20, 20);
    const report = judgeLedger([
      a ?? { volume: '', text: '' },
      { volume: '/mnt/2', text: damage(b?.text ?? '', 3, 'xx') },
    ]);
    expect(report).toMatchObject({ answer: 'violated', unfinished: false });
    expect(report.volumes[1]).toMatchObject({ damaged: 1, missing: 1, missingFrom: 6 });
  });

  test('where a line was being written, but not the next one of all, is a violation', () => {
    const [a, b] = TWO.cut(20, 20);
    const torn = { volume: '/mnt/2', text: damage(b?.text ?? '', 11, 'xx') };
    expect(judgeLedger([a ?? torn, torn])).toMatchObject({ answer: 'violated', unfinished: false });
  });

  test('by a length that is another one is a violation', () => {
    const [a, b] = TWO.cut(20, 20);
    for (const text of [b?.text.slice(0, -1), b?.text.slice(0, -LINE), `${b?.text}${BLANK}\n`]) {
      const report = judgeLedger([a ?? { volume: '', text: '' }, { volume: '/mnt/2', text: text ?? '' }]);
      expect(report.answer).toBe('violated');
    }
  });

  test('because a whole record lies where another one belongs is a violation', () => {
    const [a, b] = TWO.cut(20, 20);
    const text = b?.text ?? '';
    const [third, fourth] = [text.slice(3 * LINE, 4 * LINE), text.slice(4 * LINE, 5 * LINE)];
    const swapped = { volume: '/mnt/2', text: text.slice(0, 3 * LINE) + fourth + third + text.slice(5 * LINE) };
    expect(judgeLedger([a ?? swapped, swapped]).volumes[1]).toMatchObject({ damaged: 2, missing: 2 });
  });

  test('in the line that begins a file is a violation, and the file is known all the same', () => {
    const [a, b] = TWO.cut(20, 20);
    const headless = { volume: '/mnt/2', text: damage(b?.text ?? '', 0, 'xx') };
    const report = judgeLedger([a ?? headless, headless]);
    expect(report.answer).toBe('violated');
    expect(report.volumes[1]).toMatchObject({ number: 2, damaged: 1, missing: 0 });
  });

  test('because a second history goes on from the first is a violation, even if no record is missing', () => {
    const other = ledgerHistory({ volumes: 2, slots: 16, everyMs: 5 }, 100);
    const [, b] = TWO.cut(20, 20);
    const report = judgeLedger([{ volume: '/mnt/1', text: other.at(1, 20) }, b ?? { volume: '', text: '' }]);
    expect(report.answer).toBe('violated');
    expect(report.volumes.map(({ missing, unchained }) => ({ missing, unchained }))).toEqual([
      { missing: 0, unchained: 9 },
      { missing: 0, unchained: 10 },
    ]);
  });
});

describe('nothing is said, and never that all is well,', () => {
  test.each([
    ['without a ledger', [{ volume: '/a', text: 'something else' }], [{ kind: 'no-ledger', volume: '/a' }]],
    ['without any copy', [], []],
    [
      'of a ring of one record, in which the record under way takes the place of all that was kept',
      ledgerHistory({ volumes: 2, slots: 1 }, 30).cut(20, 20),
      [
        { kind: 'no-ledger', volume: '/mnt/1' },
        { kind: 'no-ledger', volume: '/mnt/2' },
      ],
    ],
    ['where a volume is missing', THREE.cut(30, 30), [{ kind: 'volume-missing', number: 3, of: 3 }]],
    [
      'where one of the copies has no ledger',
      [...TWO.cut(20, 20).slice(0, 1), { volume: '/b', text: '' }],
      [
        { kind: 'no-ledger', volume: '/b' },
        { kind: 'volume-missing', number: 2, of: 2 },
      ],
    ],
    ['of a ledger that had hardly begun', TWO.cut(5, 5), [{ kind: 'hardly-begun', highest: 5, wanted: 6 }]],
    ['of a ledger without a record', TWO.cut(0, 0), [{ kind: 'hardly-begun', highest: 0, wanted: 6 }]],
    [
      'where a volume is there twice',
      [...TWO.cut(20, 20), { volume: '/again', text: TWO.at(2, 20) }],
      [{ kind: 'volume-twice', number: 2, volumes: ['/mnt/2', '/again'] }],
    ],
    [
      'where the copies are of several ledgers',
      [
        { volume: '/a', text: TWO.at(1, 20) },
        { volume: '/b', text: ledgerHistory({ volumes: 2, slots: 16, ledger: 'f'.repeat(16) }, 30).at(2, 20) },
      ],
      [
        {
          kind: 'several-ledgers',
          ledgers: [
            { volume: '/a', ledger: '0123456789abcdef' },
            { volume: '/b', ledger: 'f'.repeat(16) },
          ],
        },
      ],
    ],
  ])('%s', (_, texts, doubts) => {
    expect(judgeLedger(texts)).toMatchObject({ answer: 'cannot-be-judged', doubts });
  });

  test('where the files were still being made', () => {
    const [a, b] = TWO.cut(0, 0);
    const unwritten = { volume: '/mnt/2', text: (b?.text ?? '').replaceAll(`${BLANK}\n`, '\0'.repeat(LINE)) };
    expect(judgeLedger([a ?? unwritten, unwritten])).toMatchObject({
      answer: 'cannot-be-judged',
      doubts: [{ kind: 'hardly-begun', highest: 0 }],
    });
    // Where a record is on another disk, they had been made.
    expect(judgeLedger([{ volume: '/mnt/1', text: TWO.at(1, 1) }, unwritten]).answer).toBe('violated');
  });

  test('where the writer stood still long before the snapshot', () => {
    const cut = TWO.cut(20, 20);
    const lastAtMs = BEGUN_AT_MS + 80;
    expect(judgeLedger(cut, lastAtMs + 60_000)).toMatchObject({ answer: 'one-instant', ageMs: 60_000 });
    expect(judgeLedger(cut, lastAtMs + 60_001)).toMatchObject({
      answer: 'cannot-be-judged',
      doubts: [{ kind: 'stood-still', ageMs: 60_001 }],
    });
  });

  test('where its clock goes ahead of whoever says when the snapshot was taken', () => {
    const cut = TWO.cut(20, 20);
    const lastAtMs = BEGUN_AT_MS + 80;
    expect(judgeLedger(cut, lastAtMs - 60_000)).toMatchObject({ answer: 'one-instant', ageMs: -60_000 });
    expect(judgeLedger(cut, lastAtMs - 60_001)).toMatchObject({
      answer: 'cannot-be-judged',
      doubts: [{ kind: 'clock-ahead', aheadMs: 60_001 }],
    });
  });

  test('but a violation is one, whatever else is missing', () => {
    expect(judgeLedger(THREE.cut(50, 30)).answer).toBe('violated');
  });
});

/** A line of the file, numbered from 0, in place of which something shorter was written. */
function damage(text: string, line: number, by: string): string {
  return text.slice(0, line * LINE) + by + text.slice(line * LINE + by.length);
}
