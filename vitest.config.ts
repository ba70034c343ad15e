import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { PATIENCE, patient } from './test/patience.ts';

/** vcsim and govc, where .ci/run has built them. */
process.env.PATH = `${fileURLToPath(new URL('.ci/.programs', import.meta.url))}:${process.env.PATH}`;
process.env.STILLPOINT_PATIENCE = String(PATIENCE);

/** Swap is the whole machine's: every guest sees it come and go, and rightly refuses a hold whose ground has changed. */
const SWAPPING = 'test/lab/holder-refusals.test.ts';
/** Minutes at the least: by itself, so that nothing waits for it that could run beside it. */
const SWEEPING = 'test/lab/killsweep/*.test.ts';

/** The long form of the fuzz tests tries sixty times as much in one test. */
const FUZZ_MS = process.env.STILLPOINT_PROOF === 'full' ? 3_600_000 : 60_000;
/** Takes both processors for as long as it lasts, and others measure time. */
const CROWD = 'test/lab/faults/crowd.test.ts';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: patient(60_000),
    hookTimeout: patient(60_000),
    maxWorkers: 2,
    // `npm test` runs all but those whose names begin with "rest": what needs no root, in three minutes.
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/{unit,contract,sim,golden}/**/*.test.{ts,js}'],
          setupFiles: ['test/no-processes.ts'],
          // None of them leaves anything behind in its process: the modules are loaded once, and not for every file.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'process', include: ['test/process/**/*.test.ts'] } },
      { extends: true, test: { name: 'wire', include: ['test/{wire,cli}/**/*.test.ts'] } },
      {
        extends: true,
        test: { name: 'rest: fuzz', include: ['test/fuzz/**/*.test.ts'], testTimeout: patient(FUZZ_MS) },
      },
      // Lab tests mostly wait (for leases, for servers); each makes its own namespaces and disks. They run after all others,
      // so that what they wait for is not the processor.
      {
        extends: true,
        test: {
          name: 'rest: lab',
          include: ['test/lab/**/*.test.ts'],
          exclude: [SWAPPING, SWEEPING, CROWD],
          sequence: { groupOrder: 1 },
          maxWorkers: 3,
          testTimeout: patient(180_000),
          hookTimeout: patient(120_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'rest: lab, alone',
          include: [SWAPPING, CROWD],
          sequence: { groupOrder: 2 },
          maxWorkers: 1,
          testTimeout: patient(180_000),
          hookTimeout: patient(120_000),
        },
      },
      {
        extends: true,
        test: {
          name: 'rest: kill sweep',
          include: [SWEEPING],
          sequence: { groupOrder: 3 },
          hookTimeout: patient(300_000),
        },
      },
    ],
  },
});
