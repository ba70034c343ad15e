/** What lies in a partition or on a whole disk, as its first bytes tell. */
export type Content =
  | {
      readonly kind: 'ext';
      readonly type: 'ext2' | 'ext3' | 'ext4';
      readonly hasJournal: boolean;
      /** Its journal has to be replayed. */
      readonly needsRecovery: boolean;
      /** Files that were deleted while somebody had them open: a mount drops them. */
      readonly hasOrphans: boolean;
      /** The kernel found something wrong with it while it was mounted. */
      readonly hasErrors: boolean;
    }
  | { readonly kind: 'xfs'; readonly logIsElsewhere: boolean }
  /** `hasLog`: an fsync log, which the next mount replays. */
  | { readonly kind: 'btrfs'; readonly hasLog: boolean; readonly devices: number }
  /** Known, and not to be looked into. */
  | { readonly kind: 'other'; readonly what: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unknown' };

/** So many bytes from the beginning are looked at. */
export const HEAD_BYTES = 0x11000;

/** @param head HEAD_BYTES, or fewer where the partition is smaller */
export function contentOf(head: Buffer): Content {
  return extIn(head) ?? xfsIn(head) ?? btrfsIn(head) ?? otherIn(head) ?? { kind: isZero(head) ? 'nothing' : 'unknown' };
}

const EXT = 1024;
const COMPAT_JOURNAL = 0x4;
const INCOMPAT_RECOVER = 0x4;
const INCOMPAT_JOURNAL_DEVICE = 0x8;
/** Extents, 64 bit, flexible groups and what came after: any of them makes it an ext4. */
const INCOMPAT_EXT4 =
  0x0040 | 0x0080 | 0x0100 | 0x0200 | 0x0400 | 0x1000 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000;
const RO_ORPHANS_PRESENT = 0x10000;
const STATE_ERRORS = 0x2;

function extIn(head: Buffer): Content | undefined {
  const block = head.subarray(EXT, EXT + 1024);
  if (block.length < 1024 || block.readUInt16LE(0x38) !== 0xef53) return undefined;
  const [compat, incompat, ro] = [0x5c, 0x60, 0x64].map((at) => block.readUInt32LE(at));
  const has = (features: number | undefined, bit: number): boolean => ((features ?? 0) & bit) !== 0;
  if (has(incompat, INCOMPAT_JOURNAL_DEVICE)) return { kind: 'other', what: 'the journal of another file system' };
  const hasJournal = has(compat, COMPAT_JOURNAL);
  return {
    kind: 'ext',
    type: has(incompat, INCOMPAT_EXT4) ? 'ext4' : hasJournal ? 'ext3' : 'ext2',
    hasJournal,
    needsRecovery: has(incompat, INCOMPAT_RECOVER),
    hasOrphans: block.readUInt32LE(0xe8) !== 0 || has(ro, RO_ORPHANS_PRESENT),
    hasErrors: has(block.readUInt16LE(0x3a), STATE_ERRORS),
  };
}

function xfsIn(head: Buffer): Content | undefined {
  if (head.toString('latin1', 0, 4) !== 'XFSB' || head.length < 512) return undefined;
  return { kind: 'xfs', logIsElsewhere: head.readBigUInt64BE(0x30) === 0n };
}

const BTRFS = 0x10000;

function btrfsIn(head: Buffer): Content | undefined {
  const block = head.subarray(BTRFS, BTRFS + 4096);
  if (block.length < 4096 || block.toString('latin1', 0x40, 0x48) !== '_BHRfS_M') return undefined;
  return { kind: 'btrfs', hasLog: block.readBigUInt64LE(0x60) !== 0n, devices: Number(block.readBigUInt64LE(0x88)) };
}

/** Where each writes its name, or the number that stands for it. */
const MARKS: readonly (readonly [what: string, offset: number, mark: string])[] = [
  ...[0, 512, 1024, 1536].map((sector) => ['LVM', sector, 'LABELONE'] as const),
  ['LUKS, encrypted', 0, 'LUKS\xba\xbe'],
  ['a member of an md array', 0, '\xfc\x4e\x2b\xa9'],
  ['a member of an md array', 4096, '\xfc\x4e\x2b\xa9'],
  ['swap', 4086, 'SWAPSPACE2'],
  ['swap of larger pages', 65526, 'SWAPSPACE2'],
  ['ntfs', 3, 'NTFS    '],
  ['exfat', 3, 'EXFAT   '],
  ['vfat', 82, 'FAT32   '],
  ['vfat', 54, 'FAT16   '],
  ['vfat', 54, 'FAT12   '],
];

function otherIn(head: Buffer): Content | undefined {
  const found = MARKS.find(([, offset, mark]) => head.toString('latin1', offset, offset + mark.length) === mark);
  return found === undefined ? undefined : { kind: 'other', what: found[0] };
}

function isZero(head: Buffer): boolean {
  return head.every((byte) => byte === 0);
}
