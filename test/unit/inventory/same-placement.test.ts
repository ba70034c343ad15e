import { describe, expect, test } from 'vitest';
import { deviceKey } from '../../../src/inventory/device.ts';
import { samePlacement } from '../../../src/inventory/same-placement.ts';
import type { DeviceKey, DiskPlacement, Placement, VmPlacement } from '../../../src/model.ts';

function key(text: string): DeviceKey {
  const found = deviceKey(text);
  if (found === undefined) throw new Error(`no device ${text}`);
  return found;
}

const A = key('naa.624a9370a7b9f7ecc01e40f7000000a1');
const B = key('naa.600507680c80000100000000000000b0');

const disk: DiskPlacement = {
  address: 'scsi0:1',
  key: 2001,
  label: 'Hard disk 2',
  kind: 'vmfs',
  sizeBytes: 1n,
  sharing: 'none',
  files: ['[DS] mail01/mail01.vmdk'],
  data: [A],
  metadata: [],
};

const vm: VmPlacement = {
  vm: 'mail01',
  ref: 'VirtualMachine:vm-1',
  path: '/DC/vm/mail01',
  instanceUuid: 'i',
  biosUuid: 'b',
  powerState: 'poweredOn',
  host: 'esx1',
  changeVersion: '1',
  home: { file: '[DS] mail01/mail01.vmx', devices: [A] },
  disks: [disk],
  snapshots: [],
  encrypted: false,
};

function placement(change: Partial<VmPlacement> = {}): Placement {
  return { takenAt: 't', source: 's', vms: [{ ...vm, ...change }], datastores: [], findings: [] };
}

function withDisk(change: Partial<DiskPlacement>): Placement {
  return placement({ disks: [{ ...disk, ...change }] });
}

const delta = withDisk({ files: ['[DS] mail01/mail01-000001.vmdk', '[DS] mail01/mail01.vmdk'], data: [A, B] });

describe('the placement after the release', () => {
  test('is the same after a compute-only vMotion, a reconfiguration and another reading', () => {
    const after = { ...placement({ host: 'esx2', changeVersion: '2', powerState: 'poweredOff' }), takenAt: 'later' };
    expect(samePlacement(placement(), after)).toEqual([]);
  });

  test.each([
    ['a disk hangs elsewhere', withDisk({ address: 'scsi0:2' }), 'mail01 scsi0:1'],
    ['a file moved', withDisk({ files: ['[OTHER] mail01/mail01.vmdk'] }), 'mail01 scsi0:1'],
    ['its datastore got an extent', withDisk({ data: [A, B] }), 'mail01 scsi0:1'],
    ['it lies on another LUN', withDisk({ data: [B] }), 'mail01 scsi0:1'],
    ['its mapping file moved', withDisk({ metadata: [B] }), 'mail01 scsi0:1'],
    ['it became a raw device', withDisk({ kind: 'rdm-virtual' }), 'mail01 scsi0:1'],
    ['it was detached', placement({ disks: [] }), 'mail01 scsi0:1'],
    [
      'another one was attached',
      placement({ disks: [disk, { ...disk, key: 2002, address: 'scsi0:3' }] }),
      'mail01 scsi0:3',
    ],
    ['somebody took a VMware snapshot', delta, 'mail01 scsi0:1'],
    ['its home moved', placement({ home: { file: '[X] mail01/mail01.vmx', devices: [B] } }), 'mail01 home'],
    ['another VM has its name', placement({ ref: 'VirtualMachine:vm-9' }), 'mail01'],
    ['it is gone', { ...placement(), vms: [] }, 'mail01'],
  ])('has changed where %s', (_, after, subject) => {
    expect(samePlacement(placement(), after).map((finding) => [finding.code, finding.subject])).toEqual([
      ['vsphere.placement-changed', subject],
    ]);
  });

  test('a delta of our own is expected, on either side of the window', () => {
    const ours = new Set(['mail01']);
    expect(samePlacement(placement(), delta, ours)).toEqual([]);
    expect(samePlacement(delta, placement(), ours)).toEqual([]);
    expect(samePlacement(placement(), withDisk({ files: ['[X] other.vmdk'] }), ours)).toHaveLength(1);
  });
});
