import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const PROGRAM = fileURLToPath(new URL('../../bin/stillpoint.js', import.meta.url));
/** As bash counts: user and system seconds of everything that it started, to the millisecond. */
const TIMED = `TIMEFORMAT='%3U %3S'; time "$@" >/dev/null`;

/**
 * Processor time of short commands beside that of a bare `node -e 0`, in turns. `list` reads the topology that `init`
 * prints, and a state folder that has no set.
 *
 * @param {readonly string[]} flags
 */
export function startBench(flags) {
  const { values } = parseArgs({
    args: [...flags],
    options: { json: { type: 'boolean', default: false }, rounds: { type: 'string', default: '15' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-start-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const [topology, state] = [join(folder, 'stillpoint.yaml'), join(folder, 'state')];
  mkdirSync(state);
  writeFileSync(topology, execFileSync(process.execPath, [PROGRAM, 'init']));

  const commands = {
    '--version': ['--version'],
    '--help': ['--help'],
    list: ['list', '--topology', topology, '--state', state],
  };
  /** @type {number[]} */
  const bare = [];
  /** @type {Record<string, number[]>} */
  const ours = Object.fromEntries(Object.keys(commands).map((command) => [command, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    bare.push(processorMs(['-e', '0']));
    for (const [command, argv] of Object.entries(commands)) ours[command]?.push(processorMs([PROGRAM, ...argv]));
  }

  const nodeMs = median(bare);
  for (const [command, times] of Object.entries(ours)) {
    const cpuMs = median(times);
    const row = { command, cpuMs, nodeMs, ratio: Number((cpuMs / nodeMs).toFixed(2)) };
    const line = `${command.padEnd(10)} ${cpuMs} ms, bare node ${nodeMs} ms: ${row.ratio} times`;
    process.stdout.write(`${values.json ? JSON.stringify(row) : line}\n`);
  }
}

/** @param {readonly string[]} argv */
function processorMs(argv) {
  const told = execFileSync('bash', ['-c', `{ ${TIMED}; } 2>&1`, 'bash', process.execPath, ...argv], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const [user = Number.NaN, system = Number.NaN] = told.trim().split(' ').map(Number);
  return Math.round((user + system) * 1000);
}

/** @param {readonly number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
