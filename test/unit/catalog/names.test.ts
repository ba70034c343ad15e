import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLabel, newestFirst, newLabel, newSetId, parseSetId } from '../../../src/catalog/names.ts';

const NIGHT = new Date('2026-11-22T02:00:03.789Z');

describe('a set id', () => {
  test('is the group, the second in UTC, and four hex digits', () => {
    expect(newSetId('mail', NIGHT, () => new Uint8Array([0x7f, 0x3a]))).toBe('mail-20261122T020003Z-7f3a');
  });

  test('is read back, also where the group’s name has dashes or looks like a set id', () => {
    const group = fc.stringMatching(/^[A-Za-z0-9ÄÖÜß][A-Za-z0-9äöü._-]{0,63}$/);
    const date = fc.date({ min: new Date('2020-01-01'), max: new Date('2090-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(group, date, (name, at) => {
        const parsed = parseSetId(newSetId(name, at));
        expect(parsed?.group).toBe(name);
        expect(parsed?.startedAt.getTime()).toBe(Math.floor(at.getTime() / 1000) * 1000);
      }),
      {
        examples: [
          ['mail-20261122T020003Z-7f3a', NIGHT],
          ['a-b', NIGHT],
        ],
      },
    );
  });

  test.each(['..', '.mail', 'a/b', 'a b', '', '-mail', 'a\nb', 'a\u001b[2J', 'x'.repeat(65)])(
    'is refused for a group whose name cannot be a folder’s: %j',
    (group) => {
      expect(() => newSetId(group, NIGHT)).toThrow(expect.objectContaining({ code: 'catalog.group-name', exit: 2 }));
    },
  );

  test.each([
    'mail',
    'mail-20261122T020003Z',
    'mail-20261122T020003Z-7F3A',
    'mail-20261322T020003Z-7f3a',
    'mail-20260231T020003Z-7f3a',
    'mail-20261122T250003Z-7f3a',
    '../../etc-20261122T020003Z-7f3a',
    'mail-20261122T020003Z-7f3a ',
    'mail-20261122T020003Z-7f3a.tmp',
  ])('is not %j', (text) => {
    expect(parseSetId(text)).toBeUndefined();
  });

  test('sorts newest first, and by name within a second', () => {
    const texts = ['b-20261122T020003Z-0001', 'a-20261122T020003Z-0002', 'a-20261123T020003Z-0003'];
    const names = texts.flatMap((text) => parseSetId(text) ?? []);
    expect([...names].sort(newestFirst).map((name) => name.id)).toEqual([texts[2], texts[1], texts[0]]);
  });
});

describe('a label', () => {
  test('is fifteen characters that every array can carry', () => {
    for (let round = 0; round < 200; round += 1) expect(newLabel()).toMatch(/^sp[a-z2-7]{13}$/);
  });

  test('uses every letter: no byte is thrown away', () => {
    const seen = new Set(Array.from({ length: 500 }, () => newLabel().slice(2)).join(''));
    expect(seen.size).toBe(32);
  });

  test('is never the same twice', () => {
    expect(new Set(Array.from({ length: 1000 }, () => newLabel())).size).toBe(1000);
  });

  test.each(['sp', 'spabcdefghijklm1', 'SPabcdefghijklmn', 'spabcdefghijklmno', 'xpabcdefghijklm'])(
    'is not %j',
    (text) => expect(isLabel(text)).toBe(false),
  );

  test('with too few bytes is a bug that is noticed, not a short label', () => {
    expect(() => newLabel(() => new Uint8Array(3))).toThrow('3 bytes');
  });
});
