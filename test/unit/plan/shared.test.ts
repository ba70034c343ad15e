import { describe, expect, test } from 'vitest';
import type { DiskPlacement, Placement, PlannedDisk, PlannedGuest, VmPlacement } from '../../../src/model.ts';
import { sharedFindings } from '../../../src/plan/shared.ts';
import { BOOT, bootDisk, DATA, dataDisk, plan } from './fixture.ts';

describe('a disk that two VMs of the group have', () => {
  test.each([
    ['both hold it', ['held', 'held'], [], 0],
    ['one leaves it free', ['held', 'free'], [], 1],
    ['one is optional', ['held', 'held'], ['b'], 1],
    ['one excludes it', ['held'], [], 1],
  ] as const)('%s', (_, covers, optional, findings) => {
    expect(judge(dataDisk, covers, optional)).toHaveLength(findings);
  });

  test('is told by the shared file of a virtual disk, not by the base of linked clones', () => {
    const vmdk = { ...bootDisk, data: [BOOT], files: ['[VMFS-BOOT] gold/gold.vmdk'] };
    expect(judge({ ...vmdk, sharing: 'multi-writer' }, ['held', 'free'], [])).toHaveLength(1);
    expect(judge(vmdk, ['held', 'free'], [])).toEqual([]);
  });

  test('says which is not held, and what to do', () => {
    expect(judge(dataDisk, ['held', 'free'], [])[0]).toMatchObject({
      code: 'plan.shared-disk',
      subject: 'a scsi0:1',
      message: expect.stringContaining('b scsi0:1 is not surely held'),
    });
  });
});

function judge(disk: DiskPlacement, covers: readonly PlannedDisk['cover'][], optional: readonly string[]) {
  const base = plan();
  const [vm] = base.placement.vms;
  const [first] = base.disks;
  const [guest] = base.guests;
  if (vm === undefined || first === undefined || guest === undefined) throw new Error('no plan');
  const vms: readonly VmPlacement[] = ['a', 'b'].map((name) => ({ ...vm, vm: name, disks: [disk] }));
  const placement: Placement = { ...base.placement, vms };
  const disks = covers.map(
    (cover, index): PlannedDisk => ({
      ...first,
      cover,
      data: [DATA],
      ref: { vm: ['a', 'b'][index] ?? '', disk: disk.address },
    }),
  );
  const guests = ['a', 'b'].map((name): PlannedGuest => ({ ...guest, vm: name, optional: optional.includes(name) }));
  return sharedFindings(placement, disks, guests);
}
