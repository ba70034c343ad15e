import { own } from '../../base/own.ts';
import { quoted } from '../../base/quoted.ts';
import type { GuestUse } from '../../model.ts';
import { type Block, disksUnder, under } from './blocks.ts';
import type { GuestView } from './guest.ts';
import { udevOf } from './identity.ts';
import { restless } from './layers.ts';
import { mountAbove } from './mounts.ts';

/** Signatures of members of something that is not mounted by itself. */
const MEMBER: Readonly<Record<string, string>> = {
  zfs_member: 'zfs pool',
  oracleasm: 'ASM disk',
  LVM2_member: 'LVM volume group',
  linux_raid_member: 'md array',
  ceph_bluestore: 'Ceph OSD',
  drbd: 'DRBD',
  bcache: 'bcache',
};

/**
 * Everything in the guest that uses a local disk, and whether a hold of these superblocks stills it. A file system that
 * is read-only as a whole is still by itself.
 */
export function usesOf(guest: GuestView, held: ReadonlySet<string>): readonly GuestUse[] {
  return [...mounted(guest, held), ...swapped(guest), ...raw(guest), ...restlessLayers(guest)];
}

function restlessLayers(guest: GuestView): readonly GuestUse[] {
  return restless(guest).map(({ name, does }) => ({
    what: quoted(does),
    kind: 'raw',
    disks: disksUnder([name], guest.blocks),
    held: false,
  }));
}

function mounted(guest: GuestView, held: ReadonlySet<string>): readonly GuestUse[] {
  return guest.local
    .filter((mount) => !(mount.readOnly && mount.devices.some((name) => guest.blocks.get(name)?.backing !== undefined)))
    .map((mount) => ({
      what: mount.path,
      kind: 'mount',
      fsType: mount.type,
      disks: mount.disks,
      held: mount.readOnly || held.has(mount.superblock),
    }));
}

function swapped(guest: GuestView): readonly GuestUse[] {
  return guest.swaps.flatMap(({ path, file }): GuestUse[] => {
    const name = path.split('/').at(-1) ?? '';
    if (file) {
      const below = mountAbove(path, guest.mounts);
      const disks = guest.local.find((mount) => mount.superblock === below?.superblock)?.disks ?? [];
      return [{ what: quoted(`swap file ${path}`), kind: 'swap', disks, held: false }];
    }
    const disks = disksUnder([name], guest.blocks);
    return disks.length === 0 ? [] : [{ what: quoted(`swap on ${name}`), kind: 'swap', disks, held: false }];
  });
}

/**
 * Devices in use that no mount and no swap area explains: active volumes that nobody mounted, members of pools that the
 * kernel's tree does not show (ZFS, ASM), and every device that a program writes to, mounted or not. A loop device that
 * nobody mounted is a file on a mount: no disk.
 */
function raw(guest: GuestView): readonly GuestUse[] {
  const { blocks, facts } = guest;
  const swapNames = guest.swaps.flatMap(({ path }) => path.split('/').at(-1) ?? []);
  const partitioned = new Set([...blocks.values()].flatMap(({ partOf }) => partOf ?? []));
  const writers = new Map(facts.writers.map(({ device, program }) => [device.slice('/dev/'.length), program]));
  const explained = under([...guest.local.flatMap((mount) => mount.devices), ...swapNames], blocks);
  return [...blocks.values()].flatMap((block): GuestUse[] => {
    const writer = writers.get(block.name.replaceAll('!', '/'));
    if (explained.has(block.name) || block.holders.length > 0) return writer === undefined ? [] : [written(writer)];
    if (block.backing !== undefined) return [];
    const udev = udevOf(facts, block.dev);
    const member = own(MEMBER, udev.get('ID_FS_TYPE') ?? '');
    const active = /^(dm-|md)\d/.test(block.name);
    const claimed = (facts.claimed.has(block.name) || facts.claimed.has(block.dev)) && !partitioned.has(block.name);
    const label = udev.get('ID_FS_LABEL');
    if (member !== undefined) return [use(`${member}${label === undefined ? '' : ` ${label}`} on ${nameOf(block)}`)];
    if (writer !== undefined) return [written(writer)];
    if (active) return [use(`volume ${nameOf(block)}, not mounted`)];
    return claimed ? [use(`${nameOf(block)}, in use by a file system`)] : [];

    function written(by: string): GuestUse {
      return use(`${nameOf(block)}, written by ${by}`);
    }
    function use(what: string): GuestUse {
      return { what: quoted(what), kind: 'raw', disks: disksUnder([block.name], blocks), held: false };
    }
  });
}

function nameOf({ mapped, name }: Block): string {
  return mapped ?? name;
}
