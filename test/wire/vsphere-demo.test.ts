import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { Secret } from '../../src/base/secret.ts';
import type { WorldTable } from '../../src/demo/table.ts';
import { startVcenter } from '../../src/demo/vcenter.ts';
import { placementReader } from '../../src/inventory/reader.ts';
import type { Placement } from '../../src/model.ts';
import { LUNS, refusedWorld, standardWorld } from '../fixtures/world-table.ts';

async function read(table: WorldTable, vms: readonly string[]): Promise<Placement> {
  const vcenter = await startVcenter({ table, username: 'reader', password: 'right', pageSize: 3 });
  const limit = deadline(systemClock, 20_000, 'the test');
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

  test('a disk that a VM outside the group shares', async () => {
    const { findings } = await read(refusedWorld, ['cluster-a']);
    expect(findings.map(({ code, subject }) => [code, subject])).toEqual([
      ['vsphere.shared-disk', 'cluster-a scsi1:0'],
    ]);
  });
});
