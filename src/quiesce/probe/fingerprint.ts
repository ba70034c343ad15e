import { Fault } from '../../base/fault.ts';
import type { GuestView } from './guest.ts';
import { usesOf } from './uses.ts';

/**
 * Everything that covers depend on: which local file system is mounted where, writable or not, on which disks, which of
 * them would be held, and which disks that are still then somebody uses otherwise. What is held must be what the plan was
 * made from. Of disks that no hold would still, it does not matter who uses them.
 */
export function fingerprint(view: GuestView, held: ReadonlySet<string>): string {
  const mounts = view.local.map(({ path, superblock, readOnly, disks }) => [
    path,
    superblock,
    readOnly,
    disks,
    held.has(superblock),
  ]);
  const uses = usesOf(view, held);
  const still = new Set(uses.flatMap((use) => (use.held ? use.disks : [])));
  // Not by whom: programs come and go on a device that stays in use.
  const spoilt = uses.flatMap(({ kind, disks }) => (kind === 'mount' ? [] : disks.filter((disk) => still.has(disk))));
  return JSON.stringify([mounts, [...new Set(spoilt)].sort()]);
}

export function changed(where: string): Fault {
  return new Fault({
    code: 'quiesce.mounts-changed',
    message: `${where}: what is mounted or in use there has changed since the plan was made`,
    hint: 'Run again: the plan is made from what is there now.',
  });
}
