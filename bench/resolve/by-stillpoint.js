import { systemClock } from '../../dist/base/clock.js';
import { deadline } from '../../dist/base/deadline.js';
import { jsonText } from '../../dist/base/json.js';
import { placementReader } from '../../dist/inventory/reader.js';
import { vmName } from './model.js';

/**
 * A program of its own, so that all of it can be measured: where every disk of the first so many VMs lies, down to the LUN,
 * as JSON on standard output. `--want-all`: fails where a disk is not placed.
 */
const [count = '0'] = process.argv.slice(2);
const limit = deadline(systemClock, 600_000, 'resolving');
const reader = await placementReader({}, { clock: systemClock, environment: process.env }, limit);
const names = Array.from({ length: Number(count) }, (_, index) => vmName(index));
const placement = await reader.read(
  names.map((vm) => ({ vm, wanted: vm })),
  limit,
);
await reader.close();
const placed = placement.vms.filter(({ disks }) => disks.length > 0).length;
if (placed !== names.length)
  throw new Error(`${placed} of ${names.length} VMs placed: ${placement.findings[0]?.message}`);
process.stdout.write(jsonText(placement), () => process.exit());
