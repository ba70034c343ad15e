import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { nfsKey } from '../../src/inventory/device.ts';
import { initFromVsphere } from '../../src/inventory/init.ts';
import type { Placement } from '../../src/model.ts';
import { hostileText } from './kit/hostile-text.ts';
import { runs } from './kit/survives.ts';

/** What would become part of the file, if a comment or a text could be ended from inside. */
const injected = fc.constantFrom(
  'x\narrays: { evil: { driver: command } }',
  'x\r\ngroups: { evil: {} }',
  'a: b',
  '"',
  "' #",
  '{{',
  '- &a *a',
  'null',
  '007',
  '',
);
const name = fc.oneof(injected, hostileText);

test('names from a vCenter stay names in the topology that init prints, and comments stay comments', () => {
  fc.assert(
    fc.property(name, name, name, (vm, datastore, path) => {
      const text = initFromVsphere(placementWith(vm, datastore, path), { url: 'https://vc.test/sdk', username: vm });
      expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      const read = parse(text);
      expect(Object.keys(read)).toEqual(['version', 'vsphere', 'arrays', 'volumes', 'defaults', 'vms', 'groups']);
      expect(Object.keys(read.arrays)).toEqual(['filer']);
      expect([Object.keys(read.vms), read.groups.all.vms, read.vsphere.username]).toEqual([[vm], [vm], vm]);
    }),
    runs(120),
  );
});

function placementWith(vm: string, datastore: string, path: string): Placement {
  const key = nfsKey('filer.test', path);
  const disk = { key: 1, label: 'x', sizeBytes: 1n, sharing: 'none', files: [], metadata: [], data: [key] } as const;
  return {
    takenAt: '2026-11-22T00:00:00Z',
    source: 'vCenter',
    vms: [
      {
        vm,
        ref: 'VirtualMachine:vm-1',
        path: `/DC/vm/${path}`,
        instanceUuid: '1',
        biosUuid: '1',
        powerState: 'poweredOn',
        changeVersion: '1',
        home: { file: '[D] a.vmx', devices: [key] },
        disks: [{ ...disk, address: 'ide0:0', kind: 'nfs' }],
        snapshots: [],
        encrypted: false,
      },
    ],
    datastores: [{ name: datastore, ref: 'd1', kind: 'nfs', devices: [key], vms: [] }],
    findings: [],
  };
}
