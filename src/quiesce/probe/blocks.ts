import { type Facts, textOf } from './facts.ts';

/** One block device as sysfs shows it. */
export interface Block {
  /** 'sda', 'sda1', 'dm-0', 'md0', 'loop3' */
  readonly name: string;
  /** 'major:minor' */
  readonly dev: string;
  readonly sizeBytes: bigint;
  /** Of a partition: its disk. */
  readonly partOf: string | undefined;
  /** What it is made of: the members of an md or dm device. */
  readonly slaves: readonly string[];
  /** What is made of it. */
  readonly holders: readonly string[];
  /** The device mapper's name: 'vg-lv', 'mpatha'. */
  readonly mapped: string | undefined;
  readonly readOnly: boolean;
  /** Of a loop device: its file. */
  readonly backing: string | undefined;
  /** /sys/devices/… */
  readonly place: string;
}

/** Devices without a disk of their own: memory, floppies, optical drives. */
const NO_DISK = /^(ram|zram|sr|fd)\d/;
const SECTOR = 512n;

export function blocksOf(facts: Facts): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>();
  const inFolder = namesByFolder(facts.links.keys());
  for (const [link, place] of facts.links) {
    const name = /^\/sys\/class\/block\/([^/]+)$/.exec(link)?.[1];
    if (name === undefined || NO_DISK.test(name)) continue;
    const sectors = textOf(facts, `${link}/size`) ?? '';
    if (!/^[1-9]\d{0,17}$/.test(sectors)) continue;
    const isPartition = textOf(facts, `${link}/partition`) !== undefined;
    blocks.set(name, {
      name,
      dev: textOf(facts, `${link}/dev`) ?? '',
      sizeBytes: BigInt(sectors) * SECTOR,
      partOf: isPartition ? place.split('/').at(-2) : undefined,
      slaves: inFolder.get(`${link}/slaves`) ?? [],
      holders: inFolder.get(`${link}/holders`) ?? [],
      mapped: textOf(facts, `${link}/dm/name`),
      readOnly: textOf(facts, `${link}/ro`) === '1',
      backing: textOf(facts, `${link}/loop/backing_file`),
      place,
    });
  }
  return blocks;
}

function namesByFolder(paths: Iterable<string>): ReadonlyMap<string, readonly string[]> {
  const folders = new Map<string, string[]>();
  for (const path of paths) {
    const slash = path.lastIndexOf('/');
    const names = folders.get(path.slice(0, slash));
    if (names === undefined) folders.set(path.slice(0, slash), [path.slice(slash + 1)]);
    else names.push(path.slice(slash + 1));
  }
  return folders;
}

/** Every device on the way down from these, themselves included, to their whole disks. */
export function under(names: Iterable<string>, blocks: ReadonlyMap<string, Block>): ReadonlySet<string> {
  const reached = new Set<string>();
  // Without recursion: how deep they are stacked is the guest's word.
  const waiting = [...names];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const block = blocks.get(at);
    if (block === undefined || reached.has(at)) continue;
    reached.add(at);
    if (block.partOf !== undefined) waiting.push(block.partOf);
    for (const slave of block.slaves) waiting.push(slave);
  }
  return reached;
}

export function disksUnder(names: Iterable<string>, blocks: ReadonlyMap<string, Block>): readonly string[] {
  return [...under(names, blocks)].filter((name) => isDisk(blocks.get(name))).sort();
}

/** Neither a part of another device nor made of others. */
export function isDisk(block: Block | undefined): block is Block {
  return (
    block !== undefined && block.partOf === undefined && block.slaves.length === 0 && !/^(dm-|md)\d/.test(block.name)
  );
}
