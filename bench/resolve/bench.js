import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measured, medianCost } from '../measured.js';
import { makeModel } from './model.js';
import { startVcsim } from './vcsim.js';

const OURS = fileURLToPath(new URL('./by-stillpoint.js', import.meta.url));
/** As a large estate may ask: 200 VMs whose data lie on raw disks, 32 hosts that see 1,024 LUNs each. */
const RAW = { vms: 200, hosts: 32, luns: 1024 };

/**
 * Where the disks of many VMs lie: our reading of vcsim beside `govc vm.info -json` of the same VMs, in turns.
 *
 * @param {readonly string[]} flags
 */
export async function resolveBench(flags) {
  const { values } = parseArgs({
    args: [...flags],
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '3' },
      vms: { type: 'string', default: '500,5000,10000' },
    },
  });
  const plain = values.vms.split(',').map((vms) => ({ vms: Number(vms), hosts: 1, luns: 0 }));
  for (const world of [...plain, RAW]) {
    const row = await measureWorld(world, Number(values.rounds));
    process.stdout.write(`${values.json ? JSON.stringify(row) : line(row)}\n`);
  }
}

/**
 * @param {import('./model.js').World} world
 * @param {number} rounds
 */
async function measureWorld(world, rounds) {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-resolve-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const vcsim = await startVcsim(['-load', await makeModel(folder, world)]);
  try {
    const [ours, theirs] = [[], []];
    for (let round = 0; round < rounds; round += 1) {
      ours.push(measured([process.execPath, OURS, String(world.vms)], vcsim));
      theirs.push(measured(['govc', 'vm.info', '-json', '/DC0/vm/*'], vcsim));
    }
    const [stillpoint, govc] = [medianCost(ours), medianCost(theirs)];
    const ratio = Number((stillpoint.cpuMs / govc.cpuMs).toFixed(2));
    return { ...world, stillpoint, govc, ratio };
  } finally {
    await vcsim.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {Awaited<ReturnType<typeof measureWorld>>} row */
function line({ vms, hosts, luns, stillpoint, govc, ratio }) {
  const cost = ({ cpuMs, peakMiB, wallMs }) =>
    `${(cpuMs / 1000).toFixed(2)} s, ${peakMiB} MiB (${(wallMs / 1000).toFixed(1)} s)`;
  const world = `${vms} VMs, ${hosts} x ${luns} LUNs`;
  return `${world.padEnd(32)} stillpoint ${cost(stillpoint)}   govc ${cost(govc)}   ratio ${ratio}`;
}
