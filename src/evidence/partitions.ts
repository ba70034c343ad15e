import { crc32 } from 'node:zlib';
import type { Partition } from './stretch.ts';

/** How an image is divided. */
export type Layout =
  | { readonly kind: 'none' }
  | { readonly kind: 'gpt' | 'mbr'; readonly partitions: readonly Partition[] }
  | { readonly kind: 'damaged'; readonly why: string };

/** Reads bytes of the image; fewer where it ends before. */
export type Read = (offset: number, length: number) => Promise<Buffer>;

const SECTOR = 512;
/** Of disks whose sectors are larger, a GPT is found there. */
const LARGE_SECTOR = 4096;
const PROTECTIVE = 0xee;
const EXTENDED: ReadonlySet<number> = new Set([0x05, 0x0f, 0x85]);
/** A chain of logical partitions that is longer leads round in a circle. */
const MOST_LOGICAL = 64;

/** GPT, MBR with its logical partitions, or none. What is damaged is said, and nothing of it believed. */
export async function layoutOf(read: Read): Promise<Layout> {
  const first = await read(0, 2 * LARGE_SECTOR);
  for (const sector of [SECTOR, LARGE_SECTOR]) {
    const header = first.subarray(sector, sector + 92);
    if (header.toString('latin1', 0, 8) === 'EFI PART') return gptOf(read, first.subarray(sector), sector);
  }
  const entries = entriesOf(first);
  if (entries.length === 0) return { kind: 'none' };
  if (entries.some(({ type }) => type === PROTECTIVE)) return { kind: 'damaged', why: 'its GPT is not there' };
  const primary = entries.filter(({ type }) => !EXTENDED.has(type)).map(({ partition }) => partition);
  const extended = entries.find(({ type }) => EXTENDED.has(type))?.partition;
  return { kind: 'mbr', partitions: [...primary, ...(extended === undefined ? [] : await logicalOf(read, extended))] };
}

async function gptOf(read: Read, header: Buffer, sector: number): Promise<Layout> {
  const length = header.readUInt32LE(12);
  if (length < 92 || length > SECTOR) return { kind: 'damaged', why: 'its GPT has a header of no known length' };
  const body = Buffer.from(header.subarray(0, length));
  body.writeUInt32LE(0, 16);
  if (crc32(body) !== header.readUInt32LE(16)) return DAMAGED_GPT;
  const [count, size] = [header.readUInt32LE(80), header.readUInt32LE(84)];
  if (count > 1024 || size < 128 || size > 4096)
    return { kind: 'damaged', why: 'its GPT has entries of no known form' };
  const table = await read(numberAt(header, 72) * sector, count * size);
  if (table.length < count * size || crc32(table) !== header.readUInt32LE(88)) return DAMAGED_GPT;
  const partitions = Array.from({ length: count }, (_, index) => table.subarray(index * size, (index + 1) * size))
    .map((entry, index) => ({ entry, number: index + 1 }))
    .filter(({ entry }) => entry.subarray(0, 16).some((byte) => byte !== 0))
    .map(({ entry, number }) => {
      const [from, to] = [numberAt(entry, 32), numberAt(entry, 40)];
      return { number, offset: from * sector, sizeBytes: (to - from + 1) * sector };
    });
  return { kind: 'gpt', partitions };
}

const DAMAGED_GPT: Layout = { kind: 'damaged', why: 'its GPT does not match its checksum' };

interface Entry {
  readonly type: number;
  readonly partition: Partition;
}

/** A boot sector of FAT or NTFS has the same mark at its end; its bytes make no sensible entries. */
function entriesOf(sector: Buffer, base = 0, firstNumber = 1): readonly Entry[] {
  if (sector.length < SECTOR || sector.readUInt16LE(510) !== 0xaa55) return [];
  const raw = [0, 1, 2, 3].map((index) => sector.subarray(446 + 16 * index, 462 + 16 * index));
  if (raw.some((entry) => ((entry[0] ?? 0) & 0x7f) !== 0)) return [];
  return raw
    .map((entry, index) => ({
      type: entry[4] ?? 0,
      partition: {
        number: firstNumber + index,
        offset: base + entry.readUInt32LE(8) * SECTOR,
        sizeBytes: entry.readUInt32LE(12) * SECTOR,
      },
    }))
    .filter(({ type, partition }) => type !== 0 && partition.offset > base && partition.sizeBytes > 0);
}

/** Each has a table of its own before it: itself, relative to that; and the next table, relative to the first. */
async function logicalOf(read: Read, extended: Partition): Promise<readonly Partition[]> {
  const found: Partition[] = [];
  let at: number | undefined = extended.offset;
  while (at !== undefined && found.length < MOST_LOGICAL) {
    const here: number = at;
    const sector = await read(here, SECTOR);
    const own = entriesOf(sector, here).find(({ type }) => !EXTENDED.has(type));
    if (own !== undefined) found.push({ ...own.partition, number: 5 + found.length });
    at = entriesOf(sector, extended.offset).find(({ type }) => EXTENDED.has(type))?.partition.offset;
    if (at !== undefined && at <= here) break;
  }
  return found;
}

/** Beyond 2^53 there is no disk. */
function numberAt(bytes: Buffer, offset: number): number {
  return Number(bytes.readBigUInt64LE(offset));
}
