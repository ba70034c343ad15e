import { describe, expect, test } from 'vitest';
import type { DiskPlacement, Placement, Volume } from '../../../src/model.ts';
import { buildPlan } from '../../../src/plan/build.ts';
import { BOOT, bootDisk, DATA, dataDisk, inputs, OTHER, unitOf, volume, yaml } from './fixture.ts';

const GIB = 1n << 30n;

interface World {
  readonly data?: bigint;
  readonly boot?: bigint;
  readonly other?: bigint;
  readonly store?: bigint;
  readonly disk?: Partial<DiskPlacement>;
  readonly text?: string;
}

/** A raw disk of 100 GiB and a datastore, over volumes of these sizes. */
function found({ data = 100n * GIB, boot = 100n * GIB, other, store, disk, text = yaml() }: World) {
  const sized = (array: string, name: string, sizeBytes: bigint): Volume => ({ ...volume(array, name), sizeBytes });
  const extents = other === undefined ? [BOOT] : [BOOT, OTHER];
  const volumes = new Map([
    [DATA, sized('fast', 'mail_db', data)],
    [BOOT, sized('bulk', 'vmfs_boot', boot)],
    ...(other === undefined ? [] : [[OTHER, sized('bulk', 'vmfs_more', other)] as const]),
  ]);
  const base = inputs({
    yaml: text,
    volumes,
    extents,
    vm: {
      disks: [
        { ...bootDisk, data: extents },
        { ...dataDisk, ...disk },
      ],
    },
  });
  const bulk = [volumes.get(BOOT), volumes.get(OTHER)].flatMap((one) => one ?? []);
  const units = [
    unitOf(volumes.get(DATA) ?? bulk[0] ?? volume('', '')),
    { ...unitOf(bulk[0] ?? volume('', '')), volumes: bulk },
  ];
  const placement: Placement = {
    ...base.placement,
    datastores: base.placement.datastores.map((one) => ({
      ...one,
      ...(store === undefined ? {} : { sizeBytes: store }),
    })),
  };
  const { findings } = buildPlan({ ...base, placement, units });
  return findings.map(({ code, severity, subject }) => `${severity} ${code} ${subject}`);
}

describe('the size of a volume', () => {
  test('that is the size in vSphere is nothing to speak of', () => {
    expect(found({ store: 99n * GIB })).toEqual([]);
  });

  test('smaller than the raw disk that it is taken for stops the plan: it is another one', () => {
    expect(found({ data: 100n * GIB - 512n })).toEqual(['error plan.volume-too-small mail01 scsi0:1']);
    expect(found({ data: 256n })).toEqual(['error plan.volume-too-small mail01 scsi0:1']);
  });

  test('larger than the raw disk is a warning, unless it is the rest of a block', () => {
    expect(found({ data: 120n * GIB })).toEqual(['warning plan.volume-larger mail01 scsi0:1']);
    expect(found({ data: 100n * GIB + 511n })).toEqual([]);
  });

  test('smaller than the datastore on it stops the plan, counted over all extents', () => {
    expect(found({ boot: 50n * GIB, store: 99n * GIB })).toEqual(['error plan.volume-too-small datastore VMFS-BOOT']);
    expect(found({ boot: 50n * GIB, other: 50n * GIB, store: 99n * GIB })).toEqual([]);
    expect(found({ boot: 50n * GIB, other: 40n * GIB, store: 99n * GIB })).toEqual([
      'error plan.volume-too-small datastore VMFS-BOOT',
    ]);
  });

  test('larger than the datastore is as usual: a file system need not fill its LUN', () => {
    expect(found({ boot: 400n * GIB, store: 99n * GIB })).toEqual([]);
  });

  test('that nothing tells is not compared', () => {
    expect(found({ data: 0n, boot: 0n, store: 99n * GIB })).toEqual([]);
    expect(found({ disk: { sizeBytes: 0n } })).toEqual([]);
    expect(found({ boot: 50n * GIB, other: 0n, store: 99n * GIB })).toEqual([]);
  });

  test('of a disk that is left out is not compared', () => {
    const text = yaml(', exclude: [{ disk: "scsi0:1", because: scratch }]');
    expect(found({ data: GIB, text })).not.toContain('error plan.volume-too-small mail01 scsi0:1');
    expect(found({ data: GIB })).toContain('error plan.volume-too-small mail01 scsi0:1');
  });
});
