import type { Reporter, TestModule } from 'vitest/node';
import { PATIENCE } from './patience.ts';

/** Ends a run with one line that machines read: `N passed, N failed, N skipped`. */
export default class ClosingLine implements Reporter {
  onInit(): void {
    if (PATIENCE > 1.5)
      process.stdout.write(`This machine is slow or busy: every limit is ${PATIENCE} times as long.\n`);
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    let passed = 0;
    let failed = errors.length;
    let skipped = 0;
    for (const module of modules) {
      if (module.state() === 'failed' && [...module.children.allTests('failed')].length === 0) failed += 1;
      for (const test of module.children.allTests()) {
        const state = test.result().state;
        if (state === 'passed') passed += 1;
        else if (state === 'failed') failed += 1;
        else skipped += 1;
      }
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`);
  }
}
