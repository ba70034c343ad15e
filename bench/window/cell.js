import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openScript } from './by-script.js';
import { openStillpoint } from './by-stillpoint.js';
import { startFarEnds } from './far.js';
import { latenciesOf, unavoidableMs } from './latencies.js';
import { makeSshFiles, trust } from './ssh-files.js';

/**
 * One cell: medians over its rounds, and the best of them. docs/bench.md says what each figure is.
 * @typedef {object} Row
 * @property {number} guests
 * @property {number} arrays
 * @property {number} windowMs
 * @property {number} unavoidableMs
 * @property {number} ratio
 * @property {number} bestWindowMs
 * @property {{ hold: number, fire: number, release: number }} phasesMs
 * @property {number} fireSkewMs
 * @property {number} cpuMs
 * @property {number} farCpuMs
 * @property {number | null} scriptWindowMs
 * @property {number | null} scriptBestWindowMs
 * @property {number | null} scriptFireSkewMs
 * @property {number | null} scriptFarCpuMs
 * @property {number} rounds
 * @property {number} seed
 * @property {{ node: string, cpus: number, load: number }} on
 */

/** Rounds that are not counted: compilers and caches settle. */
const WARM_UP = 2;

/**
 * @param {{ guests: number, arrays: number, seed: number, rounds: number, script: boolean }} wish
 * @returns {Promise<Row>}
 */
export async function measureCell({ guests, arrays, seed, rounds, script }) {
  const latencies = latenciesOf(seed, guests, arrays);
  const [load = 0] = loadavg();
  const samples = await inFolder(async (folder) => {
    const files = await makeSshFiles(folder);
    const far = await startFarEnds(latencies, files.allowed);
    try {
      await trust(files, [...far.guests, ...far.arrays]);
      return await inTurns(far, files, folder, WARM_UP + rounds, script);
    } finally {
      await far.close();
    }
  });
  const counted = samples.slice(WARM_UP);
  const ours = counted.map((sample) => sample.ours);
  const scripts = counted.flatMap((sample) => sample.script ?? []);
  const windowMs = median(ours.map((one) => one.windowMs));
  const scriptWindowsMs = scripts.map((one) => one.windowMs);
  const least = unavoidableMs(latencies);
  return {
    guests,
    arrays,
    windowMs,
    unavoidableMs: least,
    ratio: rounded(windowMs / least, 3),
    bestWindowMs: rounded(Math.min(...ours.map((one) => one.windowMs)), 1),
    phasesMs: {
      hold: median(ours.map(({ holdMs }) => holdMs)),
      fire: median(ours.map(({ fireMs }) => fireMs)),
      release: median(ours.map(({ releaseMs }) => releaseMs)),
    },
    fireSkewMs: median(ours.map(({ seen }) => seen.fireSkewMs)),
    cpuMs: median(ours.map(({ cpuMs }) => cpuMs)),
    farCpuMs: median(ours.map(({ seen }) => seen.cpuMs)),
    scriptWindowMs: script ? median(scriptWindowsMs) : null,
    scriptBestWindowMs: script ? rounded(Math.min(...scriptWindowsMs), 1) : null,
    scriptFireSkewMs: script ? median(scripts.map(({ seen }) => seen.fireSkewMs)) : null,
    scriptFarCpuMs: script ? median(scripts.map(({ seen }) => seen.cpuMs)) : null,
    rounds,
    seed,
    on: { node: process.version, cpus: availableParallelism(), load: rounded(load, 2) },
  };
}

/**
 * A round of ours, a round of the script's, and so on: what else the machine does hits both alike.
 * @param {import('./far.js').Far} far
 * @param {import('./ssh-files.js').SshFiles} files
 * @param {string} folder
 * @param {number} rounds
 * @param {boolean} withScript
 */
async function inTurns(far, files, folder, rounds, withScript) {
  const samples = [];
  const stillpoint = await openStillpoint(far, files);
  try {
    const script = withScript ? await openScript(far, files, folder) : undefined;
    try {
      for (let round = 0; round < rounds; round += 1) {
        await far.take();
        const ours = { ...(await stillpoint.round()), seen: await look(far) };
        if (script === undefined) samples.push({ ours });
        else samples.push({ ours, script: { windowMs: await script.round(), seen: await look(far) } });
      }
    } finally {
      await script?.close();
    }
  } finally {
    await stillpoint.close();
  }
  return samples;
}

/** @param {import('./far.js').Far} far */
async function look(far) {
  const seen = await far.take();
  if (seen.unheld > 0) throw new Error(`${seen.unheld} snapshots were taken while a guest was not frozen`);
  if (seen.fires !== far.arrays.length) throw new Error(`${seen.fires} of ${far.arrays.length} arrays were fired at`);
  return seen;
}

/**
 * @template T
 * @param {(folder: string) => Promise<T>} work
 */
async function inFolder(work) {
  const folder = await mkdtemp(join(tmpdir(), 'stillpoint-bench-'));
  const clear = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clear);
  try {
    return await work(folder);
  } finally {
    process.off('exit', clear);
    clear();
  }
}

/** @param {readonly number[]} figures */
function median(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return rounded(middle.reduce((sum, one) => sum + one, 0) / middle.length, 1);
}

/**
 * @param {number} figure
 * @param {number} digits
 */
function rounded(figure, digits) {
  return Number(figure.toFixed(digits));
}
