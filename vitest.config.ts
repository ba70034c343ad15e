import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** vcsim and govc, where .ci/run has built them. */
process.env.PATH = `${fileURLToPath(new URL('.ci/.programs', import.meta.url))}:${process.env.PATH}`;

/** Swap is the whole machine's: every guest sees it come and go, and rightly refuses a hold whose ground has changed. */
const SWAPPING = 'test/lab/holder-refusals.test.ts';
/** Minutes at the least: by itself, so that nothing waits for it that could run beside it. */
const SWEEPING = 'test/lab/killsweep/*.test.ts';

/** The long form of the fuzz tests tries sixty times as much in one test. */
const PATIENCE_MS = process.env.STILLPOINT_PROOF === 'full' ? 3_600_000 : 60_000;
/** Takes both processors for as long as it lasts, and others measure time. */
const CROWD = 'test/lab/faults/crowd.test.ts';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 20_000,
    maxWorkers: 2,
    hookTimeout: 60_000,
    // Lab tests mostly wait (for leases, for servers); each makes its own namespaces and disks. They run after all others,
    // so that what they wait for is not the processor.
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/{unit,contract,sim,golden}/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'wire', include: ['test/{wire,cli,fuzz}/**/*.test.ts'], testTimeout: PATIENCE_MS },
      },
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: [SWAPPING, SWEEPING, CROWD],
          sequence: { groupOrder: 1 },
          maxWorkers: 3,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'lab, alone',
          include: [SWAPPING, CROWD],
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: { name: 'kill sweep', include: [SWEEPING], sequence: { groupOrder: 3 }, hookTimeout: 300_000 },
      },
    ],
  },
});
