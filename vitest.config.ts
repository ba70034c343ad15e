import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    reporters: ['default', './test/closing-line.ts'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Lab tests share loop devices, namespaces and mounts of one machine: one file at a time, after all others.
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/{unit,contract,sim,golden}/**/*.test.ts'] } },
      { extends: true, test: { name: 'wire', include: ['test/{wire,cli}/**/*.test.ts'], testTimeout: 60_000 } },
      {
        extends: true,
        test: {
          name: 'lab',
          include: ['test/lab/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
