import { quoted } from '../../base/quoted.ts';
import type { Finding } from '../../model.ts';
import type { Form } from '../holder/programs.ts';
import { hintFor } from '../holder/refusal.ts';
import type { GuestView, LocalMount } from './guest.ts';
import { FREEZABLE, type Mount, mountAbove, NETWORK } from './mounts.ts';

export interface Choice {
  /** Mount points to freeze, one a superblock. */
  readonly paths: readonly string[];
  readonly superblocks: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

/** What stands against a hold: the holder's own word for it, the thing, and what is true of it. */
interface Obstacle {
  readonly reason: string;
  readonly what: string;
  readonly message: string;
}

const LONGEST_PATH = 1000;

/**
 * Which mounts a hold would freeze, and what stands against it. The holder checks all of this once more, on the opened
 * descriptors: here it is said before anything is opened.
 */
export function choose(guest: GuestView, wanted: 'auto' | readonly string[], form: Form, subject: string): Choice {
  const obstacles = wanted === 'auto' ? [] : wanted.flatMap((path) => against(guest, path) ?? []);
  const chosen = wanted === 'auto' ? automatic(guest) : wanted.flatMap((path) => named(guest, path) ?? []);
  const superblocks = new Set(chosen.map((mount) => mount.superblock));
  const once = [...superblocks].flatMap((id) => chosen.find((mount) => mount.superblock === id) ?? []);
  const held = (mount: Mount | undefined): mount is Mount => mount !== undefined && superblocks.has(mount.superblock);
  obstacles.push(...rootInTheWay(guest, chosen, form), ...swapOn(guest, held), ...loopsOn(guest, held, form));
  obstacles.push(...once.flatMap(oddlyNamed));
  if (!guest.isRoot) {
    obstacles.push({ reason: 'not-root', what: '-', message: 'the holder does not run as root here' });
  }
  const findings = obstacles.map((obstacle) => asFinding(obstacle, subject));
  if (wanted === 'auto' && once.length === 0) findings.push(nothingToHold(subject));
  findings.push(...elsewhere(guest, subject));
  return { paths: once.map((mount) => mount.path), superblocks, findings };
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

/** What is mounted there, if it may be held; the last mounted hides the others. */
function named(guest: GuestView, path: string): Mount | undefined {
  return against(guest, path) === undefined ? guest.mounts.findLast((mount) => mount.path === path) : undefined;
}

function against(guest: GuestView, path: string): Obstacle | undefined {
  const mount = guest.mounts.findLast((one) => one.path === path);
  if (mount === undefined) {
    const below = mountAbove(path, guest.mounts)?.path ?? '/';
    return {
      reason: 'not-a-mount-point',
      what: path,
      message: `${path} is not a mount point; it would lie on ${below}`,
    };
  }
  if (!FREEZABLE.has(mount.type)) {
    return { reason: 'not-freezable', what: path, message: `${path} is ${mount.type}, which cannot be frozen` };
  }
  if (guest.allowed?.includes(path) === false) {
    return { reason: 'not-allowed', what: path, message: `the site does not allow ${path} to be held` };
  }
  return undefined;
}

/** What a guest names so could not be told to a person who has to type it, when it may still be held. */
function oddlyNamed({ path }: Mount): readonly Obstacle[] {
  const odd = path.length > LONGEST_PATH ? `is longer than ${LONGEST_PATH} characters` : wrongSign(path);
  if (odd === undefined) return [];
  const what = quoted(path);
  return [{ reason: 'odd-name', what, message: `the mount point ${what} ${odd}` }];
}

function wrongSign(path: string): string | undefined {
  if (path.includes('\ufffd')) return 'is no text in UTF-8';
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(path)
    ? 'holds a line break or another control character'
    : undefined;
}

function rootInTheWay(guest: GuestView, chosen: readonly Mount[], form: Form): readonly Obstacle[] {
  const onRoot = chosen.find((mount) => mount.superblock === guest.root);
  if (onRoot === undefined) return [];
  if (form === 'sh') {
    return [{ reason: 'sh-holds-no-root', what: '/', message: 'the sh form of the holder does not hold /' }];
  }
  if (chosen.some((mount) => mount.path === '/')) return [];
  const message = `${onRoot.path} lies on the file system of /, which is not named`;
  return [{ reason: 'is-root', what: '/', message }];
}

function swapOn(guest: GuestView, held: (mount: Mount | undefined) => mount is Mount): readonly Obstacle[] {
  return guest.swaps.flatMap(({ path, file }) => {
    const below = file ? mountAbove(path, guest.mounts) : undefined;
    if (!held(below)) return [];
    const message = `swap file ${quoted(path)} is in use on ${below.path}, which is to be frozen`;
    return [{ reason: 'swap-file', what: quoted(path), message }];
  });
}

function loopsOn(
  guest: GuestView,
  held: (mount: Mount | undefined) => mount is Mount,
  form: Form,
): readonly Obstacle[] {
  return [...guest.blocks.values()].flatMap(({ name, backing, readOnly }) => {
    // Every loop device still attached at the end of the look was told of; only the sh form cannot tell.
    const isGone = form !== 'sh' && !guest.facts.backing.has(name);
    const below = backing === undefined || readOnly || isGone ? undefined : backingMount(guest, name, backing);
    if (!held(below)) return [];
    const message = `${name} writes to ${quoted(`${backing}`)} on ${below.path}, which is to be frozen`;
    return [{ reason: 'loop-backing', what: quoted(`${backing}`), message }];
  });
}

/** By the device that the kernel names; that of a btrfs subvolume is in no table, and a path must do. */
function backingMount(guest: GuestView, loop: string, file: string): Mount | undefined {
  const device = guest.facts.backing.get(loop);
  const byPath = mountAbove(file, guest.mounts);
  if (device === undefined || byPath?.type === 'btrfs') return byPath;
  return guest.mounts.find((mount) => mount.superblock === device);
}

function asFinding({ reason, what, message }: Obstacle, subject: string): Finding {
  const hint = hintFor(reason, what);
  return { code: `quiesce.${reason}`, severity: 'error', subject, message, ...(hint === undefined ? {} : { hint }) };
}

function nothingToHold(subject: string): Finding {
  return {
    code: 'quiesce.nothing-to-hold',
    severity: 'error',
    subject,
    message: 'no file system besides / can be frozen here, and `mounts: auto` leaves / alone',
    hint: 'Hold / on purpose (`mounts: [/]`), use another method, or say `quiesce: none`.',
  };
}

/** Data of the guest that lies on none of the VM's disks. */
function elsewhere(guest: GuestView, subject: string): readonly Finding[] {
  const warn = (path: string, from: string): Finding => ({
    code: 'quiesce.elsewhere',
    severity: 'warning',
    subject,
    message: `${quoted(path)} lies on ${quoted(from)}, outside of the VM's disks: it is neither held nor in the image`,
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
