import { describe, expect, test } from 'vitest';
import { makes } from '../../../src/cli/makes.ts';
import { arrayMakeOf } from '../../../src/inventory/array-make.ts';
import { deviceKey, nfsKey } from '../../../src/inventory/device.ts';
import { initFromVsphere } from '../../../src/inventory/init.ts';
import type { DeviceKey, DiskPlacement, Placement, VmPlacement } from '../../../src/model.ts';
import { parseTopology } from '../../../src/topology/read.ts';

function key(text: string): DeviceKey {
  const found = deviceKey(text);
  if (found === undefined) throw new Error(`no device ${text}`);
  return found;
}

const LUN = key('naa.624a9370a7b9f7ecc01e40f7000000a1');
const EXTENTS = [key('naa.600507680c80000100000000000000b0'), key('naa.600507680c80000100000000000000b1')];
const EXPORT = nfsKey('filer.test', '/vol/Ablage');

function vm(name: string, path: string, disks: readonly DiskPlacement[], rest: Partial<VmPlacement> = {}): VmPlacement {
  return {
    vm: name,
    ref: `VirtualMachine:${name}`,
    path,
    instanceUuid: name,
    biosUuid: name,
    powerState: 'poweredOn',
    changeVersion: '1',
    home: { file: '[D] a.vmx', devices: EXTENTS },
    disks,
    snapshots: [],
    encrypted: false,
    ...rest,
  };
}

function disk(address: string, kind: DiskPlacement['kind'], data: readonly DeviceKey[]): DiskPlacement {
  const sizeBytes = 40n * 1024n ** 3n;
  return { address, kind, data, key: 1, label: 'x', sizeBytes, sharing: 'none', files: [], metadata: [] };
}

const placement: Placement = {
  takenAt: '2026-11-22T00:00:00Z',
  source: 'vCenter',
  vms: [
    vm('mail01', '/DC/vm/mail01', [disk('scsi0:0', 'vmfs', EXTENTS), disk('scsi0:1', 'rdm-physical', [LUN])]),
    vm('Büro/Drucker: "1"', '/DC/vm/Büro%2fDrucker: "1"', [disk('ide0:0', 'nfs', [EXPORT])]),
    vm('007', '/DC/vm/A/007', [], { guestFamily: 'windowsGuest' }),
  ],
  datastores: [
    { name: 'VMFS # 1', ref: 'd1', kind: 'vmfs', devices: EXTENTS, vms: [] },
    { name: 'no', ref: 'd2', kind: 'nfs', devices: [EXPORT], vms: [] },
  ],
  findings: [],
};

describe('a topology from what vSphere says', () => {
  const text = initFromVsphere(placement, { url: 'https://vc.test/sdk', username: 'reader@vsphere.local' });

  test('passes the check of a file as it is', () => {
    const { findings, topology } = parseTopology(text, 'stillpoint.yaml', makes, { env: {} });
    expect(findings).toEqual([]);
    expect([...(topology?.vms.keys() ?? [])]).toEqual(['mail01', 'Büro/Drucker: "1"', '007']);
    expect(topology?.volumes.map(({ name, array, device, vmfs, rdm }) => ({ name, array, device, vmfs, rdm }))).toEqual(
      [
        { name: 'mail01_scsi0_1', array: 'pure', device: { kind: 'lun', id: LUN }, rdm: true },
        { name: 'vmfs_1', array: 'svc', device: { kind: 'lun', id: EXTENTS[0] }, vmfs: 'VMFS # 1' },
        { name: 'vmfs_1_2', array: 'svc', device: { kind: 'lun', id: EXTENTS[1] }, vmfs: 'VMFS # 1' },
        { name: 'no', array: 'filer', device: { kind: 'nfs', server: 'filer.test', path: '/vol/Ablage' } },
      ],
    );
  });

  test.each([
    ['a file of certificates', { ca: '/etc/vc ca.pem' }],
    ['a fingerprint', { fingerprint: `SHA256:${Array(32).fill('AB').join(':')}` }],
  ])('%s that was given stands in it', (_, tls) => {
    const written = initFromVsphere(placement, { url: 'https://vc.test/sdk', username: 'reader', tls });
    const { findings, topology } = parseTopology(written, '/srv/stillpoint.yaml', makes, { env: {} });
    expect(findings).toEqual([]);
    expect(topology?.vsphere.tls).toEqual('ca' in tls ? tls : { fingerprint: 'ab'.repeat(32) });
  });

  test('of VMs that lie on no LUN and no export it can be read too, and says that its array is a stub', () => {
    const apart = { ...placement, vms: [vm('vsan01', '/DC/vm/vsan01', [disk('scsi0:0', 'vmfs', [])])], datastores: [] };
    const written = initFromVsphere(apart, { url: 'https://vc.test/sdk', username: 'reader' });
    expect(written).toContain('# None of these disks lies on a LUN');
    const { findings, topology } = parseTopology(written, 'stillpoint.yaml', makes, { env: {} });
    expect(findings).toEqual([]);
    expect(topology?.volumes).toEqual([]);
  });

  test('a fingerprint that nobody compared says so beside it', () => {
    const tls = { fingerprint: `SHA256:${Array(32).fill('AB').join(':')}`, unchecked: true } as const;
    const written = initFromVsphere(placement, { url: 'https://vc.test/sdk', username: 'reader', tls });
    expect(written).toMatch(/^ {2}tls: \{ fingerprint: SHA256:AB:.* \} # as it was seen, unchecked: compare it/m);
    const { topology } = parseTopology(written, 'stillpoint.yaml', makes, { env: {} });
    expect(topology?.vsphere.tls).toEqual({ fingerprint: 'ab'.repeat(32) });
  });

  test.each([
    [8n * 1024n ** 2n, '8 MiB'],
    [1024n ** 3n - 1n, '1023.9 MiB'],
    [1024n ** 3n, '1 GiB'],
    [40n * 1024n ** 3n, '40 GiB'],
  ])('a disk of %s bytes is one of %s', (sizeBytes, size) => {
    const small = { ...disk('scsi0:1', 'rdm-physical', [LUN]), sizeBytes };
    const one = { ...placement, vms: [vm('mail01', '/DC/vm/mail01', [small])], datastores: [] };
    const written = initFromVsphere(one, { url: 'https://vc.test/sdk', username: 'reader' });
    expect(written).toContain(`# scsi0:1  rdm-physical  ${size}  naa.`);
  });

  test.each([
    ['naa.60014051c1d2e3f40516273849a0b1c2', 'lio', 'reflink', 'a Linux target (LIO)'],
    ['naa.6589cfc0000006f1c0b2a3d4e5f60718', 'truenas', 'command', 'zfs, snapshot'],
    [
      'naa.624a9370a7b9f7ecc01e40f7000000a1',
      'pure',
      'command',
      'Pure Storage FlashArray; there is no driver of its own',
    ],
    ['naa.6346ac2100afeaf6149f8644000000a0', 'array', 'command', 'not told by its LUNs'],
  ])('a LUN %s is of an array %s that the driver %s speaks to', (naa, id, driver, says) => {
    const on = {
      ...placement,
      vms: [vm('a', '/DC/vm/a', [disk('scsi0:1', 'rdm-physical', [key(naa)])])],
      datastores: [],
    };
    const written = initFromVsphere(on, { url: 'https://vc.test/sdk', username: 'reader' });
    const { findings, topology } = parseTopology(written, 'stillpoint.yaml', makes, { env: {} });
    expect(findings).toEqual([]);
    expect([...(topology?.arrays.values() ?? [])].map((array) => [array.id, array.driver])).toEqual([[id, driver]]);
    expect(written).toContain(says);
  });

  test('names every disk with its kind, size and LUN, and every array with its maker', () => {
    expect(text).toContain('# scsi0:1  rdm-physical  40 GiB  naa.624a9370a7b9f7ecc01e40f7000000a1');
    expect(text).toContain('# scsi0:0  vmfs  40 GiB on VMFS # 1  naa.600507680c80000100000000000000b0, naa.6005');
    expect(text).toContain('pure: # Pure Storage FlashArray');
    expect(text).toContain('svc: # IBM FlashSystem or SVC');
  });
});

describe('who made the array', () => {
  test.each([
    ['naa.600a098038304437415d4b6a59676d41', 'ontap'],
    ['naa.60a98000572d54714e346d63444b4474', 'netapp'],
    ['naa.6006016033d119005c8ef7b7f6a0dd11', 'unity'],
    ['naa.60002ac0000000000000186b00021f6b', 'hpe3par'],
    ['naa.6589cfc0000006f1c0b2a3d4e5f60718', 'truenas'],
    ['eui.a1b2c3d4e5f607186c9ce90012345678', 'nimble'],
    ['naa.6346ac2100afeaf6149f8644000000a0', 'array'],
  ])('%s is %s', (device, id) => {
    expect(arrayMakeOf(key(device)).id).toBe(id);
  });
});
