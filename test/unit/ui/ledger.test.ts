import { describe, expect, test } from 'vitest';
import { judgeLedger } from '../../../src/ledger/rule.ts';
import { ledgerSentence } from '../../../src/ledger/sentence.ts';
import { ledgerDocument, ledgerLines } from '../../../src/ui/ledger.ts';
import { BEGUN_AT_MS, ledgerHistory } from '../../fixtures/ledger.ts';

const TWO = ledgerHistory({ volumes: 2, slots: 16 }, 100);
const THREE = ledgerHistory({ volumes: 3, slots: 8 }, 100);

describe('what copies of a ledger show', () => {
  test.each([
    [TWO.cut(20, 20), 'One instant, as far as this ledger tells: 20 records on 2 volumes, none missing'],
    [
      TWO.cut(31, 20),
      'Not one instant: /mnt/2 lacks 5 records that were on the disk before others that are there; it is 44 ms behind',
    ],
    [TWO.cut(21, 22), 'One instant, as far as this ledger tells: 22 records on 2 volumes, none missing'],
    [
      THREE.cut(30, 50, 40),
      'Not one instant: /mnt/1 lacks 7 records that were on the disk before others that are there; it is 88 ms behind, and 1 other volume is behind too',
    ],
    [TWO.cut(20), 'Cannot be judged: volume 2 of 2 is missing'],
    [[], 'Cannot be judged: there is no copy of a ledger'],
    [[{ volume: '/mnt/x', text: 'hello' }], 'Cannot be judged: there is no ledger in /mnt/x'],
    [TWO.cut(4, 4), 'Cannot be judged: the ledger had hardly begun: 4 records, and less than 6 show nothing'],
    [
      TWO.cut(20, 20).map((copy, index) => (index === 0 ? { ...copy, text: `x${copy.text.slice(1)}` } : copy)),
      'Not one instant: /mnt/1 has 1 damaged line',
    ],
  ])('is one sentence: %#', (copies, sentence) => {
    expect(ledgerSentence(judgeLedger(copies))).toBe(sentence);
  });

  test('rests on lines a volume, the pace, and the age of the last record', () => {
    const lines = ledgerLines(judgeLedger(TWO.cut(20, 20), BEGUN_AT_MS + 1280));
    expect(lines.slice(0, 3)).toEqual([
      'One instant, as far as this ledger tells: 20 records on 2 volumes, none missing',
      '  1  /mnt/1  10 records, the last 19',
      '  2  /mnt/2  10 records, the last 20',
    ]);
    expect(lines.slice(3).join(' ').replaceAll(/ +/g, ' ')).toMatch(
      /Ledger 0123456789abcdef, begun .*, 1.2 s before the snapshot, by the guest's clock. One record on every volume took 8 ms: a smaller difference may escape it.$/,
    );
  });

  test('is the same for machines, with the times as ISO 8601', () => {
    expect(ledgerDocument(judgeLedger(TWO.cut(20, 20)))).toMatchObject({
      sentence: 'One instant, as far as this ledger tells: 20 records on 2 volumes, none missing',
      answer: 'one-instant',
      begunAt: '2026-11-22T02:00:00.000Z',
      lastAt: '2026-11-22T02:00:00.080Z',
    });
  });
});
