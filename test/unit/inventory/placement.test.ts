import { expect, test } from 'vitest';
import { type Facts, placementOf } from '../../../src/inventory/placement.ts';
import type { Ref } from '../../../src/vsphere/element.ts';
import type { Datastore } from '../../../src/vsphere/storage.ts';
import type { VirtualMachine } from '../../../src/vsphere/virtual-machine.ts';

const ref = (name: string): Ref => name as Ref;
const naa = (digit: string): string => `naa.60014050000000000000000000000${digit}`;

function datastore(mo: string, extent: string): Datastore {
  return {
    ref: ref(mo),
    name: 'VMS',
    accessible: true,
    lies: { on: 'vmfs', extents: [extent], local: false },
    vms: [],
  };
}

function machine(mo: string, datastores: readonly Ref[]): VirtualMachine {
  return {
    ref: ref(mo),
    powerState: 'poweredOn',
    connectionState: 'connected',
    datastores,
    snapshots: [],
    consolidationNeeded: false,
    faultTolerance: 'notConfigured',
    recentTasks: [],
    config: {
      template: false,
      biosUuid: '',
      instanceUuid: '',
      changeVersion: '1',
      guestId: 'otherLinux64Guest',
      vmx: `[VMS] ${mo}/${mo}.vmx`,
      encrypted: false,
      controllers: [],
      disks: [],
    },
  };
}

/** Two datacenters, each with a datastore of the same name. */
function homesOf(own: Readonly<Record<string, readonly Ref[]>>): ReturnType<typeof placementOf> {
  const facts: Facts = {
    takenAt: new Date(0),
    source: 'a test',
    selected: Object.keys(own).map((vm) => ({
      vm,
      named: { ref: ref(vm), name: vm, path: `/${vm}`, instanceUuid: '', biosUuid: '' },
    })),
    machines: new Map(Object.entries(own).map(([vm, datastores]) => [ref(vm), machine(vm, datastores)])),
    datastores: [datastore('Datastore:1', naa('001')), datastore('Datastore:2', naa('002'))],
    hosts: new Map(),
    nameOf: (vm) => vm,
    tasks: [],
    creators: new Map(),
    findings: [],
  };
  return placementOf(facts);
}

test('a home lies on the datastore of that name that its own VM uses', () => {
  const { vms } = homesOf({ 'vm-1': [ref('Datastore:1')], 'vm-2': [ref('Datastore:2')] });
  expect(vms.map(({ vm, home }) => [vm, home.devices])).toEqual([
    ['vm-1', [naa('001')]],
    ['vm-2', [naa('002')]],
  ]);
});

test('one that the VM is not said to use is no answer', () => {
  const { vms, findings } = homesOf({ 'vm-1': [] });
  expect(vms.map(({ home }) => home.devices)).toEqual([[]]);
  expect(findings.filter(({ subject }) => subject === 'vm-1 home')).toMatchObject([
    { code: 'vsphere.datastore-unknown', severity: 'error' },
  ]);
});
