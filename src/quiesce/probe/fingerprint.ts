import { Fault } from '../../base/fault.ts';
import type { GuestView } from './guest.ts';
import { usesOf } from './uses.ts';

/**
 * Everything that covers depend on: which local file system is mounted where, writable or not, on which disks, which of
 * them would be held, and which disks somebody uses without a mount. What is held must be what the plan was made from.
 */
export function fingerprint(view: GuestView, held: ReadonlySet<string>): string {
  const mounts = view.local.map(({ path, superblock, readOnly, disks }) => [
    path,
    superblock,
    readOnly,
    disks,
    held.has(superblock),
  ]);
  // Not by whom: programs come and go on a device that stays in use.
  const raw = usesOf(view, held).flatMap(({ kind, disks }) => (kind === 'raw' ? disks : []));
  return JSON.stringify([mounts, view.swaps, [...new Set(raw)].sort()]);
}

export function changed(where: string): Fault {
  return new Fault({
    code: 'quiesce.mounts-changed',
    message: `${where}: what is mounted or in use there has changed since the plan was made`,
    hint: 'Run again: the plan is made from what is there now.',
  });
}
