import { expect, test } from 'vitest';
import { staleness } from '../mutants/copy.js';
import { table } from '../mutants/table.js';

/** Whoever moves or rewords a guard is told here, not by a long run later. */
test('every mutant still finds the guard that it takes out, exactly once', () => {
  const stale = table.flatMap((mutant) => {
    const why = staleness(mutant);
    return why === undefined ? [] : [`${mutant.name}: ${why}`];
  });
  expect(stale).toEqual([]);
  expect(table.length).toBeGreaterThan(50);
});
