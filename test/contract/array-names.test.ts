import { describe, expect, test } from 'vitest';
import { parseRow } from '../../src/arrays/btrfs/api.ts';
import { asPart, fromPart, safeName, safePath } from '../../src/arrays/names.ts';
import { labelIn } from '../../src/label.ts';

describe('a name from outside', () => {
  test.each(['lun0', `it's a "lün" $(x) *;`, 'racks/a', 'ユーザー', '😀'])('%s may be as it is', (name) => {
    expect(safePath('a', name)).toBe(name);
  });

  test.each([
    ['', 'is empty'],
    ['-rf', 'begins with a dash'],
    ['a\nb', 'a line break'],
    ['a\0b', 'control character'],
    ['a\u0085b', 'control character'],
    ['a\u2028b', 'a line break'],
    ['a\ud800', 'no valid text'],
    ['ü'.repeat(120), 'longer than 190 bytes'],
  ])('%j is refused', (name, why) => {
    expect(() => safeName('a', name)).toThrow(why);
  });

  test.each(['/etc/passwd', '../lun0', 'a/../../b', 'a//b', 'a/', '.', 'a/.'])(
    'the path %s leads nowhere else',
    (name) => {
      expect(() => safePath('a', name)).toThrow('no plain path below the root');
    },
  );

  test('comes back from a snapshot name as it was', () => {
    for (const name of ['a/b', 'a%2Fb', '%', 'a%25/b']) {
      expect(asPart(name)).not.toContain('/');
      expect(fromPart(asPart(name))).toBe(name);
    }
  });
});

describe('the label in a name', () => {
  test.each([
    ['spaaaaaaaaaaaaa', true],
    ['spaaaaaaaaaaaaa-mail', true],
    ['spaaaaaaaaaaaaa-it@1-2.3', true],
    ['spaaaaaaaaaaaaaa', false],
    ['spaaaaaaaaaaaa', false],
    ['spaaaaaaaaaaaa1', false],
    ['SPaaaaaaaaaaaaa', false],
    ['xspaaaaaaaaaaaaa', false],
    ['.part-spaaaaaaaaaaaaa-x', false],
  ])('%s: %s', (name, ours) => {
    expect(labelIn(name)).toBe(ours ? 'spaaaaaaaaaaaaa' : undefined);
  });
});

describe('a row of btrfs subvolume list', () => {
  const row = (path: string) =>
    `ID 258 gen 7 cgen 7 top level 256 otime 2026-11-22 14:13:07 parent_uuid 6c640516-6c94-8f40-b026-8ebca11c0b2d uuid c5c98e10-a228-0346-8d0d-c4197fc20e42 path ${path}`;

  test('is read with its time, which is UTC because we asked for it so', () => {
    expect(parseRow(row('array 0/.stillpoint/sp x'), 'array 0/')).toEqual([
      {
        id: '258',
        uuid: 'c5c98e10-a228-0346-8d0d-c4197fc20e42',
        parentUuid: '6c640516-6c94-8f40-b026-8ebca11c0b2d',
        createdAt: '2026-11-22T14:13:07.000Z',
        path: '.stillpoint/sp x',
      },
    ]);
  });

  test('means the same with the mark that -a puts before some paths', () => {
    expect(parseRow(row('<FS_TREE>/array 0/lun0'), 'array 0/')).toMatchObject([{ path: 'lun0' }]);
  });

  test('of another part of the file system is none of ours', () => {
    expect(parseRow(row('lun0'), 'array 0/')).toEqual([]);
    expect(parseRow(row('<FS_TREE>/array 01/lun0'), 'array 0/')).toEqual([]);
  });
});
