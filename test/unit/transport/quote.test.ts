import { describe, expect, test } from 'vitest';
import { quote } from '../../../src/transport/quote.ts';

describe('quoting for a remote shell', () => {
  test.each([
    [['zfs', 'snapshot', 'tank/db@sp-1'], 'zfs snapshot tank/db@sp-1'],
    [['a b', '', "it's"], "'a b' '' 'it'\\''s'"],
    [['\\'], '\\\\'],
    [['A=b', '~', '*'], "'A=b' '~' '*'"],
    [['time', 'x'], "'time' x"],
  ])('%j', (argv, line) => {
    expect(quote(argv)).toBe(line);
  });

  test('refuses what no command line can carry', () => {
    expect(() => quote([])).toThrow('there is no command to run');
    expect(() => quote(['rm', 'a\0b'])).toThrow('rm: an argument holds a NUL character, which no command can be given');
    expect(() => quote(['rm', 'a\ud800b'])).toThrow('half of a character');
  });
});
