import type { WorldTable, WorldVm } from './table.ts';
import type { WorldWish } from './world.ts';

const GIB = 1n << 30n;

const BOOT_LUN = 'naa.6005076400c3a1b2d4000000000000b0';
/** The data LUN of each guest, and what its array calls it. */
const DATA_LUNS = [
  { vm: 'mail01', naa: 'naa.624a9370d1c2b3a495867769000000a1', volume: 'mail_db' },
  { vm: 'db01', naa: 'naa.624a9370d1c2b3a495867769000000a2', volume: 'sql_data' },
  { vm: 'app01', naa: 'naa.624a9370d1c2b3a495867769000000a3', volume: 'app_data' },
] as const;

/** Three guests, each with its boot disk on a shared datastore of one array and its data on a raw LUN of the other. */
export const twoTierTable: WorldTable = {
  about: {
    product: 'vcenter',
    version: '8.0.3',
    build: '24022515',
    apiVersion: '8.0.3.0',
    instanceUuid: '5b2d9f0e-6c1a-4c58-9c0e-3f1d7a8e2b64',
  },
  datacenter: 'DC1',
  hosts: ['esx1', 'esx2'].map((name, host) => ({
    id: `host-${11 + host}`,
    name: `${name}.demo.example`,
    luns: [BOOT_LUN, ...DATA_LUNS.map((lun) => lun.naa)].map((naa, number) => ({ naa, number })),
  })),
  luns: [
    { naa: BOOT_LUN, sizeBytes: 512n * GIB, vendor: 'DEMO', model: 'bulk' },
    ...DATA_LUNS.map(({ naa }) => ({ naa, sizeBytes: 100n * GIB, vendor: 'DEMO', model: 'fast' })),
  ],
  datastores: [
    { id: 'datastore-21', kind: 'vmfs', name: 'VMFS-BOOT', hosts: ['host-11', 'host-12'], extents: [BOOT_LUN] },
  ],
  vms: DATA_LUNS.map(({ vm, naa }, index) => guest(vm, naa, index)),
};

/** What the demo plays in: 60 ms between the two arrays, and a writer that takes 2 ms a step. */
export const TWO_TIERS: WorldWish = {
  table: twoTierTable,
  arrays: [
    {
      id: 'fast',
      latencyMs: 20,
      volumes: DATA_LUNS.map(({ naa, volume }) => ({ naa, name: volume })),
      tier: { name: 'tier-1', expect: ['rdm'] },
    },
    {
      id: 'bulk',
      latencyMs: 80,
      volumes: [{ naa: BOOT_LUN, name: 'vmfs_boot' }],
      tier: { name: 'tier-2', expect: ['vmfs'] },
    },
  ],
  everyMs: 2,
  group: 'demo',
};

function guest(name: string, naa: string, index: number): WorldVm {
  const uuid = (part: string): string => `4203d0${index}a-77b1-4e0f-9a3c-${part}0000000${index}`;
  return {
    id: `vm-${31 + index}`,
    name,
    folder: ['Production'],
    host: index === 0 ? 'host-11' : 'host-12',
    vmx: `[VMFS-BOOT] ${name}/${name}.vmx`,
    instanceUuid: uuid('5001'),
    biosUuid: uuid('4200'),
    powerState: 'poweredOn',
    guestId: 'debian12_64Guest',
    guestFamily: 'linuxGuest',
    changeVersion: '2026-01-01T00:00:00.000000Z',
    disks: [
      {
        kind: 'file',
        address: 'scsi0:0',
        sizeBytes: 40n * GIB,
        files: [`[VMFS-BOOT] ${name}/${name}.vmdk`],
        uuid: `6000c29${index}-77b1-4e0f-9a3c-60000000000${index}`,
      },
      {
        kind: 'rdm-physical',
        address: 'scsi0:1',
        sizeBytes: 100n * GIB,
        files: [`[VMFS-BOOT] ${name}/${name}_1.vmdk`],
        naa,
      },
    ],
  };
}
