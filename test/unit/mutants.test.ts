import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const RUNNER = fileURLToPath(new URL('../mutants/run.js', import.meta.url));

/** Whoever moves or rewords a guard is told here, not by a long run later. */
test('every mutant still finds the guard that it takes out, exactly once', () => {
  const { status, stdout } = spawnSync(process.execPath, [RUNNER, '--list'], { encoding: 'utf8' });
  expect(stdout.split('\n').filter((line) => line.includes('STALE'))).toEqual([]);
  expect(stdout).toMatch(/\n\d{2,} mutants, 0 stale\n$/);
  expect(status).toBe(0);
});

test('a name that no mutant has is refused, and not taken for nothing to do', () => {
  const { status, stderr } = spawnSync(process.execPath, [RUNNER, 'no-such-mutant'], { encoding: 'utf8' });
  expect(status).toBe(2);
  expect(stderr).toContain('no mutant is named no-such-mutant');
});
