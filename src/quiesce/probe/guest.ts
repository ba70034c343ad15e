import { Fault } from '../../base/fault.ts';
import { ALLOW_LIST_PATH } from '../holder/print.ts';
import { unescapeWord } from '../holder/words.ts';
import { type Block, blocksOf, disksUnder } from './blocks.ts';
import { type Facts, runsAsRoot, textOf } from './facts.ts';
import { type Mount, mountsOf, visible } from './mounts.ts';

/** The guest's storage, understood: what is mounted, from what, on which disks. */
export interface GuestView {
  readonly facts: Facts;
  readonly mounts: readonly Mount[];
  readonly blocks: ReadonlyMap<string, Block>;
  /** Mounts of local block devices, in the order of mounting. */
  readonly local: readonly LocalMount[];
  /** The superblock of `/`. */
  readonly root: string | undefined;
  readonly swaps: readonly { readonly path: string; readonly file: boolean }[];
  readonly isRoot: boolean;
  /** What the site allows an installed holder; undefined: everything. */
  readonly allowed: readonly string[] | undefined;
}

export interface LocalMount extends Mount {
  /** Kernel names of the devices that it is mounted from; all members of a btrfs. */
  readonly devices: readonly string[];
  /** Whole disks under these. */
  readonly disks: readonly string[];
}

/** More than any machine has, and few enough for each to be compared with all others. */
const MOST = { mounts: 10_000, 'block devices': 4000 } as const;

export function guestView(facts: Facts): GuestView {
  const mounts = mountsOf(facts);
  const blocks = blocksOf(facts);
  if (mounts.length > MOST.mounts) throw tooMany(mounts.length, 'mounts');
  if (blocks.size > MOST['block devices']) throw tooMany(blocks.size, 'block devices');
  const byDev = new Map([...blocks.values()].map((block) => [block.dev, block.name]));
  const members = btrfsMembers(facts);
  const disksOf = new Map<string, readonly string[]>();
  const local = visible(mounts).flatMap((mount): LocalMount[] => {
    const source = facts.links.get(mount.source)?.split('/').at(-1);
    const own = byDev.get(mount.superblock) ?? (source !== undefined && blocks.has(source) ? source : undefined);
    if (own === undefined) return [];
    const devices = mount.type === 'btrfs' ? (members.find((names) => names.includes(own)) ?? [own]) : [own];
    // Many mounts of one device are common; what lies under it is looked for once.
    const key = devices.join(' ');
    const disks = disksOf.get(key) ?? disksUnder(devices, blocks);
    disksOf.set(key, disks);
    return [{ ...mount, devices, disks }];
  });
  return {
    facts,
    mounts,
    blocks,
    local,
    root: mounts.findLast((mount) => mount.path === '/')?.superblock,
    swaps: swapsOf(facts),
    allowed: textOf(facts, ALLOW_LIST_PATH)
      ?.split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map(unescapeWord),
    isRoot: runsAsRoot(facts),
  };
}

function tooMany(count: number, what: keyof typeof MOST): Fault {
  return new Fault({
    code: 'guest.too-much',
    message: `the guest tells of ${count} ${what}; more than ${MOST[what]} are not looked at`,
    hint: 'Look in the guest what makes so many.',
  });
}

function btrfsMembers(facts: Facts): readonly (readonly string[])[] {
  const pools = new Map<string, string[]>();
  for (const path of facts.links.keys()) {
    const [, id, name] = /^\/sys\/fs\/btrfs\/([^/]+)\/devices\/([^/]+)$/.exec(path) ?? [];
    if (id === undefined || name === undefined) continue;
    pools.set(id, [...(pools.get(id) ?? []), name]);
  }
  return [...pools.values()];
}

function swapsOf(facts: Facts): GuestView['swaps'] {
  const lines = (textOf(facts, '/proc/swaps') ?? '').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [path, type] = line.split(/\s+/);
    return path?.startsWith('/') ? [{ path: unescapeWord(path), file: type === 'file' }] : [];
  });
}
