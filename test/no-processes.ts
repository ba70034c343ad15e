import childProcess from 'node:child_process';
import { syncBuiltinESMExports } from 'node:module';

/** For the projects whose tests start no process, so that they run anywhere and wait for nothing but themselves. */
for (const name of ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'] as const) {
  Object.assign(childProcess, {
    [name]: () => {
      throw new Error(`child_process.${name}: a test that starts a process belongs into test/process`);
    },
  });
}
syncBuiltinESMExports();
