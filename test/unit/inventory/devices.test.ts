import { describe, expect, test } from 'vitest';
import { lunUuid } from '../../../src/demo/table.ts';
import { deviceKey, nfsKey } from '../../../src/inventory/device.ts';
import { parseLunUuid } from '../../../src/inventory/lun-uuid.ts';
import { hostLuns, identifyLun, identifyName } from '../../../src/inventory/luns.ts';
import type { ScsiLun } from '../../../src/vsphere/storage.ts';

describe('a device by any of its names', () => {
  test.each([
    ['naa.624A9370A7B9F7ECC01E40F7000000A1', 'naa.624a9370a7b9f7ecc01e40f7000000a1'],
    ['624a9370a7b9f7ecc01e40f7000000a1', 'naa.624a9370a7b9f7ecc01e40f7000000a1'],
    ['0x624a9370a7b9f7ecc01e40f7000000a1', 'naa.624a9370a7b9f7ecc01e40f7000000a1'],
    ['60:06:01:60:33:D1:19:00:5C:8E:F7:B7:F6:A0:DD:11', 'naa.6006016033d119005c8ef7b7f6a0dd11'],
    ['naa.5000c500a1b2c3d4', 'naa.5000c500a1b2c3d4'],
    ['eui.0025385B71B0A7C1', 'eui.0025385b71b0a7c1'],
    ['eui.36A0B9D0-0C2F1234-0025384A-00000001', 'eui.36a0b9d00c2f12340025384a00000001'],
    ['t10.NVMe____Dell_Ent', 't10.nvme____dell_ent'],
  ])('%s is %s', (written, key) => {
    expect(deviceKey(written)).toBe(key);
  });

  test.each(['mpx.vmhba0:C0:T0:L0', 'naa.624a93', '724a9370a7b9f7ecc01e40f7000000a1', 'eui.12', 'sda', '', 'naa.'])(
    '%s is none',
    (written) => {
      expect(deviceKey(written)).toBeUndefined();
    },
  );

  test('an export keeps the case of its path and not of its server', () => {
    expect(nfsKey('Filer.Test', '/vol/Ablage/')).toBe('nfs://filer.test/vol/Ablage');
    expect(nfsKey('fd00::7', 'vol')).toBe('nfs://[fd00::7]/vol');
  });
});

describe('what is inside a lunUuid', () => {
  // Vectors from public logs and tests (NetApp, EMC, Pure, HPE 3PAR, and one more).
  test.each([
    ['020032000060a98000572d54714e346d63444b44744c554e202020', 50, '60a98000572d54714e346d63444b4474', 'LUN'],
    ['02006500006006016033d119005c8ef7b7f6a0dd11524149442030', 101, '6006016033d119005c8ef7b7f6a0dd11', 'RAID 0'],
    ['0200060000624a9370a7b9f7ecc01e40f70002c43e466c61736841', 6, '624a9370a7b9f7ecc01e40f70002c43e', 'FlashA'],
    ['020001000060002ac0000000000000186b00021f6b565620202020', 1, '60002ac0000000000000186b00021f6b', 'VV'],
    ['02000500006346ac2100afeaf6149f8644000000a0585347312020', 5, '6346ac2100afeaf6149f8644000000a0', 'XSG1'],
  ])('%s is LUN %i', (uuid, lun, naa, model) => {
    expect(parseLunUuid(uuid)).toEqual({ kind: 'naa', naa, lun, model });
    expect(parseLunUuid(`vml.${uuid.toUpperCase()}`)).toEqual({ kind: 'naa', naa, lun, model });
  });

  test('a LUN number above 255 has a high byte', () => {
    const lun = { naa: 'naa.624a9370a7b9f7ecc01e40f70002c43e', sizeBytes: 0n, vendor: 'PURE', model: 'FlashArray' };
    expect(parseLunUuid(lunUuid(lun, 301))).toMatchObject({ lun: 301, naa: '624a9370a7b9f7ecc01e40f70002c43e' });
  });

  test.each([
    ['0005000000766d686261313a303a30', 'type 00'],
    ['01000a000020202020202020202020202050303030303030303030', 'type 01'],
    ['020000600000624a9370a7b9f7ecc01e40f70002c43e466c61736841', '28 bytes'],
    ['0200060000524a9370a7b9f7ecc01e40f70002c43e466c61736841', 'begins with 5'],
    ['02000600005000c500a1b2c3d4535432303030', '19 bytes'],
    ['not hex', 'hexadecimal'],
    ['', 'hexadecimal'],
  ])('%s is not interpreted', (uuid, why) => {
    const parsed = parseLunUuid(uuid);
    expect(parsed.kind).toBe('unknown');
    expect(parsed.kind === 'unknown' && parsed.why).toContain(why);
  });
});

describe('which LUN a raw disk maps', () => {
  const uuid = '0200060000624a9370a7b9f7ecc01e40f70002c43e466c61736841';
  const naa = 'naa.624a9370a7b9f7ecc01e40f70002c43e';
  const other: ScsiLun = {
    canonicalName: 'naa.60002ac0000000000000186b00021f6b',
    uuid: '020001000060002ac0000000000000186b00021f6b565620202020',
    descriptors: [],
  };

  test('a host’s word for the very uuid comes before what is inside it', () => {
    const lying = { ...other, uuid: uuid.toUpperCase() };
    expect(identifyLun(uuid, [hostLuns([lying])])).toEqual({ kind: 'device', key: other.canonicalName, seen: true });
  });

  test('a descriptor with vml. before it counts as the uuid', () => {
    const lun = { canonicalName: naa, uuid: 'else', descriptors: [`vml.${uuid}`] };
    expect(identifyLun(uuid, [hostLuns([other, lun])])).toEqual({ kind: 'device', key: naa, seen: true });
  });

  test('under another LUN number on this host, the NAA inside tells it', () => {
    const renumbered = { canonicalName: naa, uuid: uuid.replace('020006', '020009'), descriptors: [] };
    expect(identifyLun(uuid, [hostLuns([renumbered])])).toEqual({ kind: 'device', key: naa, seen: true });
  });

  test('one that no host sees is told by its structure, and said to be unseen', () => {
    expect(identifyLun(uuid, [hostLuns([other])])).toEqual({ kind: 'device', key: naa, seen: false });
  });

  test('one of another structure that no host knows stays unknown', () => {
    expect(identifyLun('0005000000766d686261313a303a30', [hostLuns([other])]).kind).toBe('unknown');
    expect(identifyLun(undefined, [hostLuns([other])]).kind).toBe('unknown');
  });

  test('a disk inside one host is a path, not a device', () => {
    const local = { canonicalName: 'mpx.vmhba1:C0:T0:L0', uuid: '0005000000766d686261313a303a30', descriptors: [] };
    expect(identifyLun(local.uuid, [hostLuns([local])])).toEqual({ kind: 'path', name: 'mpx.vmhba1:C0:T0:L0' });
  });

  test('an NVMe namespace by a t10 name takes the EUI that its host also knows', () => {
    const nvme = { canonicalName: 't10.NVMe____X', uuid: 'x', descriptors: ['t10.NVMe____X', 'eui.0025385b71b0a7c1'] };
    expect(identifyName('t10.NVMe____X', [hostLuns([nvme])])).toMatchObject({ key: 'eui.0025385b71b0a7c1' });
    expect(identifyName('t10.NVMe____X', [])).toMatchObject({ key: 't10.nvme____x' });
  });
});
