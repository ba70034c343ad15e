import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findProgram } from '../../src/transport/programs.ts';
import { quote } from '../../src/transport/quote.ts';

/** Characters that some shell somewhere reads as more than themselves, beside ordinary and foreign ones. */
const hostile = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...'\'"\\`$!*?[]{}()<>|&;#~=^%-+ \t\n\r') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
  ),
  maxLength: 12,
});
const words = fc.array(
  hostile.filter((word) => !word.includes('\0')),
  { minLength: 1, maxLength: 6 },
);

/** sh is everywhere; the others are asked where they are. */
const shells = ['sh', 'bash', 'dash', 'busybox', 'zsh', 'fish'].filter((name) => findProgram(name) !== undefined);

describe.each(shells)('what %s makes of a quoted line', (name) => {
  test('is the same words, whatever they are', () => {
    const argv = name === 'busybox' ? ['sh', '-c'] : ['-c'];
    const env = { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' };
    fc.assert(
      fc.property(words, (list) => {
        const line = quote(['printf', '%s\\0', ...list]);
        const { stdout, status } = spawnSync(findProgram(name) ?? name, [...argv, line], { env });
        expect(status).toBe(0);
        expect(stdout.toString().split('\0').slice(0, -1)).toEqual(list);
      }),
      { numRuns: 150 },
    );
  });
});
