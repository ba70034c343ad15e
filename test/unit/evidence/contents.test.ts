import { describe, expect, test } from 'vitest';
import { contentOf } from '../../../src/evidence/contents.ts';
import { extRecovery } from '../../../src/evidence/ext.ts';
import { btrfsHead, extHead, xfsHead } from '../../fixtures/disk-bytes.ts';

function marked(offset: number, mark: string): Buffer {
  const head = Buffer.alloc(70_000);
  head.write(mark, offset, 'latin1');
  return head;
}

describe('the first bytes tell', () => {
  test('an ext4 with what its superblock says', () => {
    expect(contentOf(extHead())).toEqual({
      kind: 'ext',
      type: 'ext4',
      hasJournal: true,
      needsRecovery: false,
      hasOrphans: false,
      hasErrors: false,
    });
    expect(contentOf(extHead({ needsRecovery: true }))).toMatchObject({ needsRecovery: true, hasOrphans: false });
    expect(contentOf(extHead({ orphans: true }))).toMatchObject({ needsRecovery: false, hasOrphans: true });
    expect(contentOf(extHead({ errors: true }))).toMatchObject({ hasErrors: true });
  });

  test('an xfs, and whether its log is inside', () => {
    expect(contentOf(xfsHead())).toEqual({ kind: 'xfs', logIsElsewhere: false });
    expect(contentOf(xfsHead(0n))).toEqual({ kind: 'xfs', logIsElsewhere: true });
  });

  test('a btrfs, its fsync log and how many devices it is spread over', () => {
    expect(contentOf(btrfsHead())).toEqual({ kind: 'btrfs', hasLog: false, devices: 1 });
    expect(contentOf(btrfsHead({ log: 44_728_320n, devices: 2n }))).toEqual({
      kind: 'btrfs',
      hasLog: true,
      devices: 2,
    });
  });

  test.each([
    ['LVM', 512, 'LABELONE'],
    ['LUKS, encrypted', 0, 'LUKS\xba\xbe'],
    ['a member of an md array', 4096, '\xfc\x4e\x2b\xa9'],
    ['swap', 4086, 'SWAPSPACE2'],
    ['vfat', 82, 'FAT32   '],
    ['ntfs', 3, 'NTFS    '],
  ])('%s, which is not looked into', (what, offset, mark) => {
    expect(contentOf(marked(offset, mark))).toEqual({ kind: 'other', what });
  });

  test('zeros from anything that is not known', () => {
    expect(contentOf(Buffer.alloc(70_000))).toEqual({ kind: 'nothing' });
    expect(contentOf(marked(20_000, 'VMFS'))).toEqual({ kind: 'unknown' });
    expect(contentOf(Buffer.alloc(0))).toEqual({ kind: 'nothing' });
  });
});

test('without a journal nothing tells whether an ext was written to', () => {
  const content = contentOf(extHead({ journal: false }));
  if (content.kind !== 'ext') throw new Error('it is an ext');
  expect(extRecovery(content).needed).toBe('unknown');
});
