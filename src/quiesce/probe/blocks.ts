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
  for (const [link, place] of facts.links) {
    const name = /^\/sys\/class\/block\/([^/]+)$/.exec(link)?.[1];
    if (name === undefined || NO_DISK.test(name)) continue;
    const sizeBytes = BigInt(textOf(facts, `${link}/size`) || '0') * SECTOR;
    if (sizeBytes === 0n) continue;
    const isPartition = textOf(facts, `${link}/partition`) !== undefined;
    blocks.set(name, {
      name,
      dev: textOf(facts, `${link}/dev`) ?? '',
      sizeBytes,
      partOf: isPartition ? place.split('/').at(-2) : undefined,
      slaves: below(facts, `${link}/slaves/`),
      holders: below(facts, `${link}/holders/`),
      mapped: textOf(facts, `${link}/dm/name`),
      readOnly: textOf(facts, `${link}/ro`) === '1',
      backing: textOf(facts, `${link}/loop/backing_file`),
      place,
    });
  }
  return blocks;
}

function below(facts: Facts, folder: string): readonly string[] {
  return [...facts.links.keys()].filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length));
}

/** The whole disks under a device, and every device on the way down, itself included. */
export function under(name: string, blocks: ReadonlyMap<string, Block>): ReadonlySet<string> {
  const reached = new Set<string>();
  const walk = (at: string): void => {
    const block = blocks.get(at);
    if (block === undefined || reached.has(at)) return;
    reached.add(at);
    if (block.partOf !== undefined) walk(block.partOf);
    for (const slave of block.slaves) walk(slave);
  };
  walk(name);
  return reached;
}

export function disksUnder(names: Iterable<string>, blocks: ReadonlyMap<string, Block>): readonly string[] {
  const all = new Set([...names].flatMap((name) => [...under(name, blocks)]));
  return [...all].filter((name) => isDisk(blocks.get(name))).sort();
}

/** Neither a part of another device nor made of others. */
export function isDisk(block: Block | undefined): block is Block {
  return (
    block !== undefined && block.partOf === undefined && block.slaves.length === 0 && !/^(dm-|md)\d/.test(block.name)
  );
}
