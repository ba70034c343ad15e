import type { Finding } from '../../model.ts';
import { ALLOW_LIST_PATH } from '../holder/print.ts';
import type { Form } from '../holder/programs.ts';
import type { GuestView, LocalMount } from './guest.ts';
import { FREEZABLE, type Mount, mountAbove, NETWORK } from './mounts.ts';

export interface Choice {
  /** Mount points to freeze, one a superblock. */
  readonly paths: readonly string[];
  readonly superblocks: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/**
 * Which mounts a hold would freeze, and what stands against it. The holder checks all of this once more, on the opened
 * descriptors: here it is said before anything is opened.
 */
export function choose(guest: GuestView, wanted: 'auto' | readonly string[], form: Form, subject: string): Choice {
  const findings: Finding[] = [];
  const error = (code: string, message: string, hint: string): void => {
    findings.push({ code: `quiesce.${code}`, severity: 'error', subject, message, hint });
  };
  const chosen = wanted === 'auto' ? automatic(guest) : wanted.flatMap((path) => named(guest, path, error) ?? []);
  const superblocks = new Set(chosen.map((mount) => mount.superblock));
  const once = [...superblocks].flatMap((id) => chosen.find((mount) => mount.superblock === id) ?? []);

  if (wanted === 'auto' && once.length === 0) {
    error(
      'nothing-to-hold',
      'no file system besides / can be frozen here, and `mounts: auto` leaves / alone',
      'Hold / on purpose (`mounts: [/]`), use another method, or say `quiesce: none`.',
    );
  }
  if (guest.root !== undefined && superblocks.has(guest.root)) {
    const named = chosen.some((mount) => mount.path === '/');
    if (!named)
      error(
        'is-root',
        `${chosen.find((m) => m.superblock === guest.root)?.path} lies on the file system of /, which is not named`,
        'Name / in `mounts` as well, or leave the other out.',
      );
    if (form === 'sh')
      error(
        'sh-holds-no-root',
        'the sh form of the holder does not hold /',
        'Install python3 or perl in the guest, or leave / out of `mounts`.',
      );
  }
  if (!guest.isRoot)
    error(
      'not-root',
      'the holder does not run as root here',
      'Log in as root, or allow sudo -n (stillpoint holder print).',
    );
  for (const swap of guest.swaps) {
    const below = swap.file ? mountAbove(swap.path, guest.mounts) : undefined;
    if (below === undefined || !superblocks.has(below.superblock)) continue;
    error(
      'swap-file',
      `swap file ${swap.path} is in use on ${below.path}, which is to be frozen`,
      `Turn it off (swapoff ${swap.path}) or move it.`,
    );
  }
  for (const block of guest.blocks.values()) {
    if (block.backing === undefined || block.readOnly) continue;
    const below = backingMount(guest, block.name, block.backing);
    if (below === undefined || !superblocks.has(below.superblock)) continue;
    error(
      'loop-backing',
      `${block.name} writes to ${block.backing} on ${below.path}, which is to be frozen`,
      `Detach ${block.name}, or leave ${below.path} out of \`mounts\`.`,
    );
  }
  findings.push(...elsewhere(guest, subject));
  return { paths: once.map((mount) => mount.path), superblocks, findings };
}

/** By the device that the kernel names; that of a btrfs subvolume is in no table, and a path must do. */
function backingMount(guest: GuestView, loop: string, file: string): Mount | undefined {
  const device = guest.facts.backing.get(loop);
  const byPath = mountAbove(file, guest.mounts);
  if (device === undefined || byPath?.type === 'btrfs') return byPath;
  return guest.mounts.find((mount) => mount.superblock === device);
}

/** Every freezable local file system but the one of `/`; the first mounted place of each. Read-only ones stand still. */
function automatic(guest: GuestView): readonly LocalMount[] {
  return guest.local.filter(
    (mount) =>
      FREEZABLE.has(mount.type) &&
      mount.superblock !== guest.root &&
      !mount.readOnly &&
      (guest.allowed?.includes(mount.path) ?? true),
  );
}

function named(
  guest: GuestView,
  path: string,
  error: (code: string, message: string, hint: string) => void,
): Mount | undefined {
  const mount = guest.mounts.findLast((one) => one.path === path);
  if (mount === undefined) {
    const below = mountAbove(path, guest.mounts)?.path ?? '/';
    error(
      'not-a-mount-point',
      `${path} is not a mount point; it would lie on ${below}`,
      `Name ${below}, or mount ${path}.`,
    );
    return undefined;
  }
  if (!FREEZABLE.has(mount.type)) {
    error(
      'not-freezable',
      `${path} is ${mount.type}, which cannot be frozen`,
      'Leave it out of `mounts`, or hold it by a script.',
    );
    return undefined;
  }
  if (guest.allowed?.includes(path) === false) {
    error(
      'not-allowed',
      `the site does not allow ${path} to be held`,
      `Add it to ${ALLOW_LIST_PATH} in the guest, as root.`,
    );
    return undefined;
  }
  return mount;
}

/** Data of the guest that lies on none of the VM's disks. */
function elsewhere(guest: GuestView, subject: string): readonly Finding[] {
  const warn = (path: string, from: string): Finding => ({
    code: 'quiesce.elsewhere',
    severity: 'warning',
    subject,
    message: `${path} lies on ${from}, outside of the VM's disks: it is neither held nor in the image`,
    hint: 'Protect it where it lies.',
  });
  const network = guest.mounts.filter((mount) => NETWORK.has(mount.type));
  const initiated = guest.local.filter((mount) =>
    mount.disks.some((name) => /^(nbd|rbd)\d/.test(name) || /\/session\d+\//.test(guest.blocks.get(name)?.place ?? '')),
  );
  return [
    ...network.map((mount) => warn(mount.path, `${mount.source} (${mount.type})`)),
    ...initiated.map((mount) => warn(mount.path, `${mount.source} (iSCSI, NBD or RBD of the guest's own)`)),
  ];
}
