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

export function guestView(facts: Facts): GuestView {
  const mounts = mountsOf(facts);
  const blocks = blocksOf(facts);
  const byDev = new Map([...blocks.values()].map((block) => [block.dev, block.name]));
  const members = btrfsMembers(facts);
  const local = visible(mounts).flatMap((mount): LocalMount[] => {
    const source = facts.links.get(mount.source)?.split('/').at(-1);
    const own = byDev.get(mount.superblock) ?? (source !== undefined && blocks.has(source) ? source : undefined);
    if (own === undefined) return [];
    const devices = mount.type === 'btrfs' ? (members.find((names) => names.includes(own)) ?? [own]) : [own];
    return [{ ...mount, devices, disks: disksUnder(devices, blocks) }];
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
