import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Finding } from '../../../src/model.ts';
import { excerpt } from '../../../src/topology/excerpt.ts';

function finding(text: string, column: number): Finding {
  const at = { file: 'stillpoint.yaml', line: 12, column, text };
  return {
    code: 'topology.unknown-key',
    severity: 'error',
    subject: 'vm mail01',
    message: 'wrong',
    hint: 'Mend it.',
    at,
  };
}

describe('an excerpt', () => {
  it('tells where and what, shows the line with a caret, and says what to do', () => {
    expect(excerpt(finding('  prt: 22', 3))).toBe(
      'stillpoint.yaml:12:3: vm mail01: wrong\n    prt: 22\n    ^\n    Mend it.',
    );
  });

  it('is one line where there is no place', () => {
    const said: Finding = { code: 'x', severity: 'warning', subject: 'topology', message: 'larger than 1 MiB' };
    expect(excerpt(said)).toBe('warning: larger than 1 MiB');
  });

  it('keeps the caret under its letter behind tabs, accents written as two characters, and wide letters', () => {
    expect(caretOf('\tprt: 22', 2)).toBe('p');
    expect(caretOf('\ta\tprt: 22', 4)).toBe('p');
    expect(caretOf('bu\u0308ro: prt', 8)).toBe('p');
    const [, line = '', caret = ''] = excerpt(finding('郵便: prt', 5)).split('\n');
    expect(line).toBe('    郵便: prt');
    expect(caret.length - 1).toBe(4 + 6);
  });

  it('never lets the file move the cursor', () => {
    expect(excerpt(finding('a\u001B[2Jb', 1))).not.toContain('\u001B');
  });

  it('never shows a line of more than 80 columns, and always shows what the caret points at', () => {
    const plain = fc.string({ unit: fc.constantFrom(...'abc {}:'), minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(plain, fc.nat(), (text, where) => {
        const column = (where % text.length) + 1;
        if (text.trim() === '') return;
        const [, line = '', caret = ''] = excerpt(finding(text, column)).split('\n');
        expect(line.length).toBeLessThanOrEqual(80);
        expect(line[caret.length - 1] ?? ' ').toBe(text[column - 1] ?? ' ');
      }),
    );
  });

  it('stays quick on a line of a megabyte', () => {
    expect(excerpt(finding('x'.repeat(1_000_000), 500_000))).toContain('^');
  });
});

function caretOf(text: string, column: number): string | undefined {
  const [, line = '', caret = ''] = excerpt(finding(text, column)).split('\n');
  return [...line.replace(/\p{Mn}/gu, '')][caret.length - 1];
}
