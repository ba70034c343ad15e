import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { paintFor } from '../../../src/ui/paint.ts';
import { age, size } from '../../../src/ui/sizes.ts';
import { table } from '../../../src/ui/table.ts';
import { harmless, pad, shorten, widthOf, wrap } from '../../../src/ui/text.ts';

const words = fc.array(fc.stringMatching(/^(?:[a-zäöü東京]|👍🏽){1,12}$/u), { minLength: 1, maxLength: 30 });

test.each([
  ['abc', 3],
  ['Größe', 5],
  ['Gro\u0308ße', 5],
  ['東京', 4],
  ['👍🏽', 2],
  ['\u001b[31mred\u001b[39m', 3],
  ['🇩🇪', 2],
  ['❤️', 2],
  ['\u001b[2J', 4],
  ['a\nb', 3],
  ['', 0],
])('%j takes its columns', (text, columns) => {
  expect(widthOf(text)).toBe(columns);
});

test('what is cut or padded has the width', () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 2, max: 40 }), (parts, width) => {
      const text = parts.join(' ');
      expect(widthOf(shorten(text, width))).toBeLessThanOrEqual(width);
      expect(widthOf(pad(shorten(text, width), width))).toBe(width);
      if (widthOf(text) > width) expect(shorten(text, width).endsWith('…')).toBe(true);
      else expect(shorten(text, width)).toBe(text);
    }),
  );
});

test('what is wrapped loses no word and keeps to the width, unless one word is longer', () => {
  fc.assert(
    fc.property(words, fc.integer({ min: 10, max: 60 }), (parts, width) => {
      const lines = wrap(parts.join(' '), width, '  ', '- ');
      expect(lines.map((line) => line.slice(2)).join(' ')).toBe(parts.join(' '));
      for (const line of lines) if (line.slice(2).includes(' ')) expect(widthOf(line)).toBeLessThanOrEqual(width);
    }),
  );
});

test('what is wrapped keeps its bytes: a path is copied from the screen', () => {
  const path = '/srv/Gro\u0308ße/\u001b[31ma\nb';
  expect(wrap(`cannot open ${path}`, 40)).toEqual([`cannot open ${path}`]);
  expect(wrap(`cannot open ${path}`, 20)).toEqual(['cannot open', path]);
});

test.each([
  ['a name that clears the screen', 'vm\u001b[2J01', 'vm·[2J01'],
  ['one that renames the window', '\u001b]0;x\u0007', '·]0;x·'],
  ['one with a new line', 'a\r\nb', 'a··b'],
  ['C1 controls', 'a\u009b2Jb', 'a·2Jb'],
  ['colours', '\u001b[31mred\u001b[39m', '\u001b[31mred\u001b[39m'],
  ['plain text', 'Größe 東京', 'Größe 東京'],
])('%s is harmless', (_what, text, expected) => {
  expect(harmless(text)).toBe(expected);
});

describe('a table', () => {
  test('cuts only what may be cut, the widest first, and never below what can be recognised', () => {
    const rows = [['x'.repeat(50), 'y'.repeat(30), 'level: filesystem (boot disks: crash)']];
    const [line = ''] = table(rows, { width: 80, shrink: [0, 1] });
    expect(widthOf(line)).toBe(80);
    expect(line).toContain('level: filesystem (boot disks: crash)');
    const [narrow = ''] = table(rows, { width: 20, shrink: [0, 1] });
    expect(narrow).toContain(`${'x'.repeat(7)}…  ${'y'.repeat(7)}…  level: filesystem`);
  });

  test('keeps columns under one another for wide letters', () => {
    const lines = table([
      ['東京', 'a'],
      ['ab', 'b'],
    ]);
    expect(lines).toEqual(['東京  a', 'ab    b']);
  });

  test('of no rows is empty', () => expect(table([])).toEqual([]));
});

test.each([
  [{ terminal: true, refused: false, env: {} }, true],
  [{ terminal: false, refused: false, env: {} }, false],
  [{ terminal: true, refused: true, env: {} }, false],
  [{ terminal: true, refused: false, env: { NO_COLOR: '1' } }, false],
  [{ terminal: true, refused: false, env: { NO_COLOR: '' } }, true],
  [{ terminal: false, refused: false, env: { FORCE_COLOR: '1' } }, true],
  [{ terminal: true, refused: false, env: { FORCE_COLOR: '0' } }, false],
  [{ terminal: false, refused: false, env: { FORCE_COLOR: '1', NO_COLOR: '1' } }, false],
  [{ terminal: true, refused: true, env: { FORCE_COLOR: '1' } }, false],
  [{ terminal: true, refused: false, env: { TERM: 'dumb' } }, false],
])('colours with %j: %s', (settings, coloured) => {
  expect(paintFor(settings).bad('x') !== 'x').toBe(coloured);
});

test('sizes and ages are told in one number', () => {
  expect([0n, 1536n, 200n * 1024n ** 3n, 1649267441664n].map(size)).toEqual(['0 B', '1.5 KiB', '200 GiB', '1.5 TiB']);
  expect([999, 59_999, 60_000, 6 * 3_600_000, 47 * 3_600_000, 49 * 3_600_000].map(age)).toEqual([
    '0 s',
    '59 s',
    '1 min',
    '6 h',
    '47 h',
    '2 days',
  ]);
});
