import type { FileSystem } from '../../kit/disk.ts';

/** `alpha` is btrfs, a subvolume a LUN; `beta` and `gamma` are xfs, a file a LUN. */
export type ArrayName = 'alpha' | 'beta' | 'gamma';

export interface VmDisk {
  /** `scsi0:0` is a file on the VM's own VMFS datastore; all others are raw disks. */
  readonly address: string;
  /** Mount point in the guest. */
  readonly mount: string;
  readonly array: ArrayName;
  readonly sizeMb?: number;
  /** ext4, unless it says otherwise. */
  readonly type?: FileSystem;
  /** Two partitions: it is mounted from the first. */
  readonly split?: boolean;
}

export interface VmOrder {
  readonly name: string;
  readonly disks: readonly VmDisk[];
}

export interface TopologyOrder {
  /** By VM: what differs from a plain fsfreeze of all but `/`. */
  readonly vms?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly groups: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export const ARRAYS = {
  alpha: { driver: 'btrfs', type: 'btrfs' },
  beta: { driver: 'reflink', type: 'xfs' },
  gamma: { driver: 'reflink', type: 'xfs' },
} as const;

/** A LUN is a volume, by this name. */
export function volumeName(vm: string, { address }: VmDisk): string {
  return `${vm}-${address.replace(':', '-')}`;
}

/** A LUN a disk. */
export function naaOf(orders: readonly VmOrder[], vm: string, { address, array }: VmDisk): string {
  const nth = orders.findIndex(({ name }) => name === vm);
  const place = `${Object.keys(ARRAYS).indexOf(array)}${String(nth).padStart(3, '0')}`;
  const unit = address.replace(/\D/g, '').padStart(3, '0');
  return `naa.6001405${'0'.repeat(17)}${place}${unit}0`;
}
