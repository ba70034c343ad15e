import type { Reporter, SerializedError, TestModule } from 'vitest/node';

declare module 'vitest' {
  interface TaskMeta {
    /** Of a sweep: how many points were tried, and at how many something was wrong. */
    swept?: { points: number; bad: number };
  }
}

/** The sweep prints its table by itself. Here only what kept it from that, and the line that machines read, last. */
export default class SweepLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    let points = 0;
    let bad = 0;
    const stopped = errors.map(({ stack, message }) => stack ?? message);
    for (const module of modules) {
      stopped.push(...module.errors().map(({ stack, message }) => stack ?? message));
      for (const test of module.children.allTests()) {
        const { swept } = test.meta();
        points += swept?.points ?? 0;
        bad += swept?.bad ?? 0;
        const result = test.result();
        if (result.state === 'failed' && (swept?.bad ?? 0) === 0) {
          stopped.push(...result.errors.map(({ stack, message }) => stack ?? message));
        }
      }
      for (const suite of module.children.allSuites()) stopped.push(...suite.errors().map((error) => error.message));
    }
    for (const text of stopped) process.stdout.write(`${text}\n`);
    process.stdout.write(`\n${points} points, ${bad + stopped.length} bad\n`);
  }
}
