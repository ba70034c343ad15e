import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { Secret } from '../../src/base/secret.ts';
import type { WorldTable } from '../../src/demo/table.ts';
import { startVcenter } from '../../src/demo/vcenter.ts';
import { placementReader } from '../../src/inventory/reader.ts';
import type { Placement } from '../../src/model.ts';
import { LUNS, refusedWorld, singleHostWorld, standardWorld } from '../fixtures/world-table.ts';
import { patient } from '../patience.ts';

async function read(table: WorldTable, vms: readonly string[]): Promise<Placement> {
  const vcenter = await startVcenter({ table, username: 'reader', password: 'right', pageSize: 3 });
  const limit = deadline(systemClock, patient(20_000), 'the test');
  try {
    const fingerprint = vcenter.certificate.fingerprint.replace('SHA256:', '').replaceAll(':', '').toLowerCase();
    const settings = { url: vcenter.url, username: 'reader', password: new Secret('right'), tls: { fingerprint } };
    const reader = await placementReader(settings, { clock: systemClock, environment: {} }, limit);
    try {
      return await reader.read(
        vms.map((vm) => ({ vm, wanted: vm })),
        limit,
      );
    } finally {
      await reader.close();
    }
  } finally {
    limit.done();
    await vcenter.close();
  }
}

describe('placements read from the small vCenter in this process', () => {
  test('raw devices, a spanned datastore and a linked clone', async () => {
    const { vms, findings } = await read(standardWorld, ['mail01', 'web01', 'Büro/Drucker 100%']);
    expect(findings).toEqual([]);
    expect(vms.map(({ vm, disks }) => [vm, ...disks.map(({ address, data }) => [address, ...data])])).toEqual([
      [
        'mail01',
        ['scsi0:0', LUNS.BULK_BOOT_1, LUNS.BULK_BOOT_2],
        ['scsi0:1', LUNS.FAST_MAIL],
        ['scsi1:0', LUNS.FAST_LOG],
      ],
      [
        'web01',
        ['nvme0:0', LUNS.BULK_BOOT_1, LUNS.BULK_BOOT_2, LUNS.BULK_GOLD],
        ['sata0:3', 'nfs://filer.test/vol/Ablage'],
      ],
      ['Büro/Drucker 100%', ['ide1:0', 'nfs://filer.test/vol/Ablage']],
    ]);
  });

  test.each([
    ['its name, decomposed', 'Büro/Drucker 100%'.normalize('NFD')],
    ['its path', '/Rechenzentrum Süd/vm/Büro & Lager/Büro%2fDrucker 100%25'],
    ['its path, as people read it', '/Rechenzentrum Süd/vm/Büro & Lager/Büro/Drucker 100%'],
    ['its instance UUID', '50200000-0000-4000-8000-000000000003'],
    ['its MoRef', 'vm-3'],
  ])('a VM is found by %s', async (_, wanted) => {
    expect((await read(standardWorld, [wanted])).vms.map(({ ref }) => ref)).toEqual(['VirtualMachine:vm-3']);
  });

  test('a name that is not unique, one that is not there, and one VM twice', async () => {
    const { findings } = await read(standardWorld, ['test01', 'mial01', 'mail01', 'vm-1']);
    expect(findings.map(({ code, subject, hint }) => [code, subject, hint])).toEqual([
      ['vsphere.vm-ambiguous', 'test01', 'Say which: vms.test01.vm with a path or an instance UUID.'],
      ['vsphere.vm-not-found', 'mial01', 'Did you mean mail01?'],
      ['vsphere.vm-twice', 'vm-1', 'Keep one.'],
    ]);
  });

  test('a single ESXi host', async () => {
    const { vms, findings, source } = await read(singleHostWorld, ['mail01']);
    expect(findings).toEqual([]);
    expect(source).toMatch(/^VMware ESXi 8\.0\.3/);
    expect(vms[0]?.disks.map(({ data }) => data.length)).toEqual([2, 1, 1]);
  });

  test('what no array can take, each with its code', async () => {
    const names = refusedWorld.vms.map(({ name }) => name).filter((name) => !name.endsWith('-b'));
    const { findings } = await read(refusedWorld, names);
    expect(findings.map(({ code, subject }) => `${code.replace('vsphere.', '')} ${subject}`)).toEqual([
      'shared-disk cluster-a scsi1:0',
      'shared-disk writer-a scsi0:0',
      'vsan on-vsan scsi0:0',
      'vsan on-vsan home',
      'vvol on-vvol scsi0:0',
      'vvol on-vvol home',
      'pmem on-pmem scsi0:0',
      'pmem on-pmem home',
      'local-disk on-local scsi0:0',
      'local-disk on-local home',
      'encrypted secret',
      'vmware-snapshot snapped',
      'suspended asleep',
      'question asking',
      'consolidation-needed leftover',
      'config-unset lost',
      'template pattern',
      'no-disks diskless',
    ]);
  });

  test('a disk that a VM outside the group shares', async () => {
    const { findings } = await read(refusedWorld, ['cluster-a']);
    expect(findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['vsphere.shared-disk', 'cluster-a scsi1:0'],
    ]);
  });
});
