import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { locate } from '../mutants/anchor.js';
import { table } from '../mutants/table.js';

/** Whoever takes a guard away, or writes it in another way, is told here, not by a long run later. */
test('every mutant still finds the guard that it takes out', () => {
  expect(table.flatMap(({ name, stale }) => (stale === undefined ? [] : [`${name}: ${stale}`]))).toEqual([]);
  expect(new Set(table.map(({ name }) => name)).size).toBe(table.length);
});

describe('a guard is found', () => {
  const GUARD = {
    file: 'src/a/hold.ts',
    before: 'if (leaseMs > most) return',
    after: 'if (leaseMs > 2 * most) return',
  };
  const MUTANT = { ...GUARD, tests: ['test/unit/hold.test.ts > a lease'] };
  let root;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'stillpoint-anchor-'));
    put('test/unit/hold.test.ts', '');
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function put(path, text) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }

  test('as it was written', () => {
    put('src/a/hold.ts', 'x();\nif (leaseMs > most) return;\n');
    expect(locate(root, MUTANT)).toMatchObject({ text: GUARD.before, after: GUARD.after, renamed: [] });
  });

  test('under another name, on more lines, and `after` takes the name', () => {
    put('src/a/hold.ts', 'if (holdMs >\n  most) return;\nif (leaseMs < most) return;\n');
    expect(locate(root, MUTANT)).toMatchObject({
      after: 'if (holdMs > 2 * most) return',
      renamed: ['leaseMs → holdMs'],
    });
  });

  test('in another file, and its tests in another folder', () => {
    put('src/b/c/lease.ts', 'if (leaseMs > most) return;');
    put('test/process/hold.test.ts', '');
    rmSync(join(root, 'test/unit'), { recursive: true });
    const { file, tests } = locate(root, MUTANT);
    expect([file, tests]).toEqual(['src/b/c/lease.ts', ['test/process/hold.test.ts > a lease']]);
  });

  test('where fewer names have changed, if two places look alike', () => {
    put('src/a/hold.ts', 'if (count > most) return;\nif (leaseMs > most) return;\n');
    expect(locate(root, MUTANT)).toMatchObject({ from: 'if (count > most) return;\n'.length, renamed: [] });
  });

  test.each([
    ['what stands there twice', 'if (leaseMs > most) return; if (leaseMs > most) return;', 'stands 2 times'],
    ['what says something else', 'if (leaseMs >= most) return;', 'does not stand'],
    ['what shares too little', 'if (count > 2) return; if (a > b) return;', 'does not stand'],
    ['what does something else', 'if (leaseMs > most) go();', 'does not stand'],
  ])('but not %s', (_, text, stale) => {
    put('src/a/hold.ts', text);
    expect(locate(root, MUTANT).stale).toContain(stale);
  });

  test('but not without its tests', () => {
    put('src/a/hold.ts', GUARD.before);
    cpSync(join(root, 'test/unit/hold.test.ts'), join(root, 'test/unit/held.test.ts'));
    rmSync(join(root, 'test/unit/hold.test.ts'));
    expect(locate(root, MUTANT).stale).toBe('there is no test/unit/hold.test.ts');
  });
});
