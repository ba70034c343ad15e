import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measured, medianCost } from '../measured.js';
import { makeState } from './state.js';

const PROGRAM = fileURLToPath(new URL('../../bin/stillpoint.js', import.meta.url));
/** A folder that changed later than this cannot yet be told from what it may become: no index of it. */
const SETTLED_MS = 12_000;

/** What anybody can type instead: count the manifests; read of each its id and its level. */
const PEERS = {
  'find | wc': 'find "$0/sets" -name manifest.json | wc -l',
  jq: `find "$0/sets" -name manifest.json -print0 | xargs -0 jq -r '[.id, .takenAt, .verdict.level] | @tsv'`,
};

/**
 * What it costs to look at a state folder of very many sets: each command as a whole, beside what a shell does with the same
 * files, and beside a bare `node -e 0`.
 *
 * @param {readonly string[]} flags
 */
export async function catalogBench(flags) {
  const { values } = parseArgs({
    args: [...flags],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      sets: { type: 'string', default: '1000,10000,100000' },
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-catalog-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const sample = demoState(folder);
  for (const sets of values.sets.split(',').map(Number)) {
    const state = join(folder, String(sets));
    makeState(state, sample, sets);
    await setTimeout(SETTLED_MS);
    for (const row of measureState(state, Number(values.rounds))) {
      const { command, cpuMs, peakMiB, wallMs } = row;
      const cost = `${(cpuMs / 1000).toFixed(2).padStart(8)} s  ${String(peakMiB).padStart(5)} MiB  (${(wallMs / 1000).toFixed(1)} s)`;
      const line = `${String(sets).padStart(7)} sets  ${command.padEnd(22)}${cost}`;
      process.stdout.write(`${values.json ? JSON.stringify({ sets, ...row }) : line}\n`);
    }
    rmSync(state, { recursive: true });
  }
}

/**
 * @param {string} state
 * @param {number} rounds
 */
function* measureState(state, rounds) {
  /** @param {readonly string[]} argv */
  const ours = (...argv) => measured([process.execPath, PROGRAM, ...argv, '--state', state], { exits: [0, 3] });
  yield { command: 'list, no index yet', ...ours('list') };
  /** @type {Record<string, () => import('../measured.js').Cost>} */
  const commands = {
    list: () => ours('list'),
    'list --json': () => ours('list', '--json'),
    status: () => ours('status'),
    'show latest': () => ours('show', 'latest'),
    'find | wc': () => measured(['sh', '-c', PEERS['find | wc'], state]),
    'node -e 0': () => measured([process.execPath, '-e', '0']),
  };
  for (const [command, cost] of Object.entries(commands)) {
    const costs = Array.from({ length: rounds }, cost);
    yield { command, ...medianCost(costs) };
  }
  if (hasJq()) yield { command: 'jq', ...measured(['sh', '-c', PEERS.jq, state]) };
}

function hasJq() {
  try {
    execFileSync('jq', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    process.stderr.write('no jq here: nothing that reads every manifest to compare with (Debian: jq)\n');
    return false;
  }
}

/**
 * The state folder of a demo: real manifests, and the papers of real runs.
 *
 * @param {string} folder
 */
function demoState(folder) {
  const place = join(folder, 'demo');
  mkdirSync(place);
  execFileSync(process.execPath, [PROGRAM, 'demo'], { env: { ...process.env, TMPDIR: place }, stdio: 'ignore' });
  return join(place, readdirSync(place)[0] ?? '', 'state');
}
