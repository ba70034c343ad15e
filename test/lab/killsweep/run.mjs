// npm run killsweep [-- --sample N --from HASH] [--part K/N] [--only ACT]: kills the real program at every point of its
// work, as root, in the lab. docs/reliability.md says what it shows. Without flags: all points of all acts.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

try {
  const { values } = parseArgs({
    options: {
      sample: { type: 'string' },
      from: { type: 'string' },
      part: { type: 'string' },
      only: { type: 'string' },
    },
  });
  process.exitCode = run(values);
} catch (thrown) {
  process.stderr.write(`${thrown instanceof Error ? thrown.message : thrown}\n`);
  process.exitCode = 2;
}

/** @param {{ sample?: string, from?: string, part?: string, only?: string }} values */
function run({ sample, from, part, only }) {
  const env = {
    ...process.env,
    STILLPOINT_LAB: 'required',
    STILLPOINT_PROOF: sample === undefined ? 'full' : 'sample',
    ...(sample === undefined ? {} : { STILLPOINT_SWEEP_SAMPLE: sample }),
    ...(from === undefined ? {} : { STILLPOINT_SWEEP_FROM: from }),
    ...(part === undefined ? {} : { STILLPOINT_SWEEP_PART: part }),
    ...(only === undefined ? {} : { STILLPOINT_SWEEP_ONLY: only }),
  };
  const argv = ['vitest', 'run', '--project', 'rest: kill sweep', '--reporter', './test/lab/killsweep/reporter.ts'];
  const { status } = spawnSync('npx', ['--no-install', ...argv], { env, stdio: 'inherit' });
  return status ?? 1;
}
