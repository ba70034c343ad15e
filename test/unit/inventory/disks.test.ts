import { describe, expect, test } from 'vitest';
import { resolveDatastore } from '../../../src/inventory/datastores.ts';
import { type DatastoreLookup, resolveDisks } from '../../../src/inventory/disks.ts';
import type { Datastore } from '../../../src/vsphere/storage.ts';
import type { DiskBacking, VirtualDisk } from '../../../src/vsphere/virtual-disk.ts';
import type { VmConfig } from '../../../src/vsphere/virtual-machine.ts';

const BOOT = 'naa.600507680c80000100000000000000b0';
const DELTAS = 'naa.600507680c80000100000000000000d0';
const LUN = 'naa.624a9370a7b9f7ecc01e40f70002c43e';
const LUN_UUID = '0200060000624a9370a7b9f7ecc01e40f70002c43e466c61736841';

function vmfs(name: string, extents: readonly string[], rest: Partial<Datastore> = {}): Datastore {
  const lies = { on: 'vmfs', extents, local: false } as const;
  return { ref: `Datastore:${name}`, name, accessible: true, lies, vms: [], ...rest };
}

function lookup(...datastores: readonly Datastore[]): DatastoreLookup {
  const resolved = datastores.map((one) => resolveDatastore(one, [], (vm) => vm));
  return {
    of: (file) => resolved.find((one) => file?.startsWith(`[${one.name}] `)),
  };
}

function backing(file: string, rest: Partial<DiskBacking> = {}): DiskBacking {
  return { xsiType: 'VirtualDiskFlatVer2BackingInfo', file, multiWriter: false, encrypted: false, ...rest };
}

function config(disk: Partial<VirtualDisk> & Pick<VirtualDisk, 'backing'>): VmConfig {
  const full = { key: 2000, label: 'Hard disk 1', controllerKey: 1000, unit: 1, sizeBytes: 1n, ...disk };
  const controllers = [
    { key: 1000, bus: 'scsi', number: 0, xsiType: 'ParaVirtualSCSIController', sharing: 'none' },
    { key: 31000, bus: 'nvme', number: 2, xsiType: 'VirtualNVMEController', sharing: 'none' },
    { key: 500, number: 0, xsiType: 'VirtualQuantumController', sharing: 'none' },
  ] as const;
  return {
    template: false,
    biosUuid: '',
    instanceUuid: '',
    changeVersion: '',
    guestId: '',
    vmx: '',
    encrypted: false,
    controllers,
    disks: [full],
  };
}

const boot = vmfs('BOOT', [BOOT]);
const deltas = vmfs('DELTAS', [DELTAS]);

describe('a virtual disk as devices', () => {
  test('a raw disk that runs on a delta has the guest’s bytes in both, and its mapping file as metadata', () => {
    const raw = {
      xsiType: 'VirtualDiskRawDiskMappingVer1BackingInfo',
      lunUuid: LUN_UUID,
      compatibilityMode: 'virtualMode',
    };
    const chain = backing('[DELTAS] a/a-000001.vmdk', { ...raw, parent: backing('[BOOT] a/a.vmdk', raw) });
    const [disk] = resolveDisks('mail01', config({ backing: chain }), lookup(boot, deltas), []);
    expect(disk?.placement).toMatchObject({
      kind: 'rdm-virtual',
      data: [LUN, DELTAS],
      metadata: [BOOT],
      files: ['[DELTAS] a/a-000001.vmdk', '[BOOT] a/a.vmdk'],
    });
    expect(disk?.findings.map(({ code }) => code)).toEqual(['vsphere.lun-unseen']);
  });

  test('one whose writes are thrown away at power-off is taken, with a warning', () => {
    const fleeting = backing('[BOOT] a.vmdk', { diskMode: 'independent_nonpersistent' });
    const [disk] = resolveDisks('a', config({ backing: fleeting }), lookup(boot), []);
    expect(disk?.placement?.data).toEqual([BOOT]);
    expect(disk?.findings.map(({ code, severity }) => [code, severity])).toEqual([
      ['vsphere.disk-nonpersistent', 'warning'],
    ]);
  });

  test('on NVMe it is addressed by its bus and unit', () => {
    const [disk] = resolveDisks(
      'a',
      config({ backing: backing('[BOOT] a.vmdk'), controllerKey: 31000 }),
      lookup(boot),
      [],
    );
    expect(disk?.placement?.address).toBe('nvme2:1');
  });

  test.each([
    ['on a controller of an unknown kind', { controllerKey: 500 }, 'vsphere.controller-unknown'],
    ['on no controller', { controllerKey: 7 }, 'vsphere.controller-unknown'],
    ['on a datastore that is not shown', { backing: backing('[GONE] a.vmdk') }, 'vsphere.datastore-unknown'],
    [
      'with a backing of a hosted product',
      { backing: backing('[BOOT] a', { xsiType: 'VirtualDiskRawDiskVer2BackingInfo' }) },
      'vsphere.backing-unknown',
    ],
    [
      'in persistent memory',
      { backing: backing('[BOOT] a', { xsiType: 'VirtualDiskLocalPMemBackingInfo' }) },
      'vsphere.pmem',
    ],
    [
      'whose parent is of such a kind',
      { backing: backing('[BOOT] a', { parent: backing('[BOOT] b', { xsiType: '' }) }) },
      'vsphere.backing-unknown',
    ],
    [
      'raw, with a uuid that says nothing',
      { backing: backing('[BOOT] a', { xsiType: 'VirtualDiskRawDiskMappingVer1BackingInfo', lunUuid: '01aa' }) },
      'vsphere.lun-unidentified',
    ],
  ])('%s it is refused, with a code of its own', (_, disk, code) => {
    const [resolved] = resolveDisks('mail01', config({ backing: backing('[BOOT] a'), ...disk }), lookup(boot), []);
    expect(resolved?.placement).toBeUndefined();
    expect(resolved?.findings.map((finding) => finding.code)).toEqual([code]);
    expect(resolved?.findings[0]?.subject).toMatch(/^mail01 /);
  });

  test.each([
    ['that no host reaches', { accessible: false }, 'vsphere.datastore-inaccessible'],
    ['without known extents', { lies: { on: 'vmfs', extents: [], local: false } }, 'vsphere.datastore-unreadable'],
    [
      'with an extent inside a host',
      { lies: { on: 'vmfs', extents: [BOOT, 'mpx.vmhba0:C0:T0:L0'], local: true } },
      'vsphere.local-disk',
    ],
    ['of vSAN', { lies: { on: 'other', type: 'vsan' } }, 'vsphere.vsan'],
    ['of a kind yet to come', { lies: { on: 'other', type: 'QUANTUM' } }, 'vsphere.datastore-kind'],
  ] as const)('on a datastore %s it is refused for that reason', (_, rest, code) => {
    const [resolved] = resolveDisks(
      'a',
      config({ backing: backing('[BOOT] a') }),
      lookup(vmfs('BOOT', [BOOT], rest)),
      [],
    );
    expect(resolved?.findings.map((finding) => finding.code)).toEqual([code]);
  });
});
