import { spawnSync } from 'node:child_process';

/**
 * What a program cost as a whole, its start included.
 * @typedef {object} Cost
 * @property {number} cpuMs user and system time
 * @property {number} peakMiB largest resident set
 * @property {number} wallMs
 */

/** Started without a copy of this process, whose memory would count for the program's own. */
const PYTHON = `
import json, os, sys, time
out = os.open(os.devnull, os.O_WRONLY)
began = time.monotonic()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, out, 1)])
_, status, used = os.wait4(pid, 0)
wall = time.monotonic() - began
print(json.dumps([os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime, used.ru_maxrss, wall]))
`;

/**
 * Runs it to its end; its answer is dropped.
 *
 * @param {readonly string[]} argv
 * @param {{ readonly env?: Readonly<Record<string, string | undefined>>, readonly exits?: readonly number[] }} [options]
 * @returns {Cost}
 */
export function measured(argv, { env = process.env, exits = [0] } = {}) {
  const { stdout, stderr, status } = spawnSync('python3', ['-c', PYTHON, ...argv], { encoding: 'utf8', env });
  if (status !== 0) throw new Error(`python3, which measures, failed: ${stderr}`);
  const [exit, seconds, kibibytes, wall] = JSON.parse(stdout);
  if (!exits.includes(exit)) throw new Error(`${argv.slice(0, 3).join(' ')} ended with ${exit}: ${stderr}`);
  return {
    cpuMs: Math.round(seconds * 1000),
    peakMiB: Math.round(kibibytes / 1024),
    wallMs: Math.round(wall * 1000),
  };
}

/**
 * The median of each of the figures.
 *
 * @param {readonly Cost[]} costs
 * @returns {Cost}
 */
export function medianCost(costs) {
  return {
    cpuMs: median(costs.map(({ cpuMs }) => cpuMs)),
    peakMiB: median(costs.map(({ peakMiB }) => peakMiB)),
    wallMs: median(costs.map(({ wallMs }) => wallMs)),
  };
}

/** @param {readonly number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}
