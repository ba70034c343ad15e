import { expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { type Deadline, deadline } from '../../../src/base/deadline.ts';
import { readCreators } from '../../../src/inventory/creators.ts';
import { hostLuns, identifyLun, identifyName } from '../../../src/inventory/luns.ts';
import { select } from '../../../src/inventory/select.ts';
import type { Vsphere } from '../../../src/vsphere/client.ts';
import type { Ref } from '../../../src/vsphere/element.ts';
import type { ScsiLun } from '../../../src/vsphere/storage.ts';

/** What an inventory costs is counted here in looks and in calls: time is the machine's. */

const HOSTS = 8;
const LUNS = 64;

test('a LUN’s names are read once a host, however many disks ask', () => {
  let reads = 0;
  const counted = (canonicalName: string, uuid: string): ScsiLun => ({
    get canonicalName() {
      reads += 1;
      return canonicalName;
    },
    get uuid() {
      reads += 1;
      return uuid;
    },
    descriptors: [],
  });
  const naa = (lun: number): string => `624a937000000000000000000000${lun.toString(16).padStart(4, '0')}`;
  const uuid = (host: number, lun: number): string =>
    `0200${(host * LUNS + lun).toString(16).padStart(4, '0')}00${naa(lun)}466c61736841`;
  const hosts = Array.from({ length: HOSTS }, (_, host) =>
    hostLuns(Array.from({ length: LUNS }, (_, lun) => counted(`naa.${naa(lun)}`, uuid(host, lun)))),
  );
  const readByHosts = reads;
  for (let disk = 0; disk < 1000; disk += 1) {
    const [host, lun] = [disk % HOSTS, disk % LUNS];
    const key = `naa.${naa(lun)}`;
    expect(identifyLun(uuid(host, lun), hosts)).toEqual({ kind: 'device', key, seen: true });
    expect(identifyName(key, hosts)).toEqual({ kind: 'device', key, seen: true });
  }
  expect(readByHosts).toBeLessThanOrEqual(4 * HOSTS * LUNS);
  // The one that was found, and its name.
  expect(reads - readByHosts).toBeLessThanOrEqual(4 * 1000);
});

test('a VM’s name is read once, however many are asked for', () => {
  let reads = 0;
  const vms = Array.from({ length: 200 }, (_, index) => ({
    ref: `VirtualMachine:vm-${index}` as const,
    get name() {
      reads += 1;
      return `web${index}`;
    },
    path: `/DC1/vm/web${index}`,
    instanceUuid: `5030c1a0-0000-0000-0000-${String(index).padStart(12, '0')}`,
    biosUuid: '',
  }));
  const { selected, findings } = select(
    vms.map((_, index) => ({ vm: `g${index}`, wanted: `web${index}` })),
    vms,
    0,
  );
  expect(selected.map(({ named }) => named.ref)).toEqual(vms.map(({ ref }) => ref));
  expect(findings).toEqual([]);
  expect(reads).toBeLessThanOrEqual(2 * vms.length);
});

function withEvents() {
  let calls = 0;
  let open = 0;
  let atOnce = 0;
  const vsphere: Pick<Vsphere, 'content' | 'call'> = {
    content: {
      rootFolder: 'Folder:f',
      propertyCollector: 'PropertyCollector:p',
      viewManager: 'ViewManager:v',
      sessionManager: 'SessionManager:s',
      eventManager: 'EventManager:e',
    },
    async call() {
      calls += 1;
      open += 1;
      atOnce = Math.max(atOnce, open);
      await new Promise((resolve) => setImmediate(resolve));
      open -= 1;
      return { name: 'QueryEventsResponse', text: '', children: [] };
    },
  };
  return { vsphere, asked: () => ({ calls, atOnce }) };
}

function onSnapshots(count: number) {
  return Array.from({ length: count }, (_, index) => ({
    ref: `VirtualMachine:vm-${index}` as Ref,
    snapshots: [
      {
        ref: `VirtualMachineSnapshot:snapshot-${index}` as Ref,
        name: 'nightly',
        description: '',
        createdAt: '2026-11-22T01:58:00.000Z',
        quiesced: false,
      },
    ],
  }));
}

test('who took the VMware snapshots is asked side by side, eight at once, and once a snapshot', async () => {
  const { vsphere, asked } = withEvents();
  const limit: Deadline = deadline(systemClock, 60_000, 'asking');
  const known = new Map<Ref, string | undefined>();
  await readCreators(vsphere, onSnapshots(50), known, limit);
  expect(asked()).toEqual({ calls: 50, atOnce: 8 });
  await readCreators(vsphere, onSnapshots(52), known, limit);
  expect(asked()).toEqual({ calls: 52, atOnce: 8 });
  limit.done();
});
