import { describe, expect, test } from 'vitest';
import { type Layout, layoutOf } from '../../../src/evidence/partitions.ts';
import { extHead, gptDisk, mbrEntry, SECTOR } from '../../fixtures/disk-bytes.ts';

function layout(disk: Buffer): Promise<Layout> {
  return layoutOf(async (offset, length) => disk.subarray(offset, offset + length));
}

describe('a GPT', () => {
  const slices = [
    { firstSector: 64, sectors: 10 },
    { firstSector: 80, sectors: 20 },
  ];

  test('is read with its numbers, also where entries are empty', async () => {
    expect(await layout(gptDisk(128, slices, { gap: 3 }))).toEqual({
      kind: 'gpt',
      partitions: [
        { number: 1, offset: 64 * SECTOR, sizeBytes: 10 * SECTOR },
        { number: 5, offset: 80 * SECTOR, sizeBytes: 20 * SECTOR },
      ],
    });
  });

  test('is read on a disk of 4096-byte sectors', async () => {
    const disk = gptDisk(128, slices, { sector: 4096 });
    expect(await layout(disk)).toMatchObject({ partitions: [{ offset: 64 * 4096, sizeBytes: 10 * 4096 }, {}] });
  });

  test.each([
    ['header', SECTOR + 72, 'does not match its checksum'],
    ['id', SECTOR + 56, 'does not match its checksum'],
    ['table', 2 * SECTOR + 32, 'does not match its checksum'],
    ['name', SECTOR, 'is not there'],
    ['length', SECTOR + 14, 'no known length'],
  ])('of which one bit of its %s is another is not believed', async (_, at, why) => {
    const disk = gptDisk(128, slices);
    disk.writeUInt8(disk.readUInt8(at) ^ 1, at);
    expect(await layout(disk)).toEqual({ kind: 'damaged', why: expect.stringContaining(why) });
  });

  test('whose table is cut off is not believed', async () => {
    expect(await layout(gptDisk(128, slices).subarray(0, 8192))).toMatchObject({ kind: 'damaged' });
  });
});

describe('an MBR', () => {
  test('is read, its logical partitions too', async () => {
    const disk = Buffer.alloc(400 * SECTOR);
    mbrEntry(disk, 0, 0, { type: 0x83, firstSector: 8, sectors: 16 });
    mbrEntry(disk, 0, 2, { type: 0x05, firstSector: 100, sectors: 200 });
    mbrEntry(disk, 100 * SECTOR, 0, { type: 0x83, firstSector: 8, sectors: 40 });
    mbrEntry(disk, 100 * SECTOR, 1, { type: 0x05, firstSector: 60, sectors: 100 });
    mbrEntry(disk, 160 * SECTOR, 0, { type: 0x82, firstSector: 4, sectors: 30 });
    expect(await layout(disk)).toEqual({
      kind: 'mbr',
      partitions: [
        { number: 1, offset: 8 * SECTOR, sizeBytes: 16 * SECTOR },
        { number: 5, offset: 108 * SECTOR, sizeBytes: 40 * SECTOR },
        { number: 6, offset: 164 * SECTOR, sizeBytes: 30 * SECTOR },
      ],
    });
  });

  test('whose logical partitions lead back to each other comes to an end', async () => {
    const disk = Buffer.alloc(400 * SECTOR);
    mbrEntry(disk, 0, 0, { type: 0x0f, firstSector: 100, sectors: 200 });
    mbrEntry(disk, 100 * SECTOR, 0, { type: 0x83, firstSector: 8, sectors: 40 });
    mbrEntry(disk, 100 * SECTOR, 1, { type: 0x05, firstSector: 50, sectors: 40 });
    mbrEntry(disk, 150 * SECTOR, 1, { type: 0x05, firstSector: 50, sectors: 40 });
    expect(await layout(disk)).toMatchObject({ kind: 'mbr', partitions: [{ number: 5 }] });
  });
});

describe('no table', () => {
  test('is seen in a whole-disk file system, a boot sector of FAT, zeros, and less than a sector', async () => {
    const fat = Buffer.alloc(8192);
    // Code and text stand where entries would.
    fat.write('\xeb\x3c\x90MSDOS5.0', 0, 'latin1');
    fat.fill('This is not a bootable disk', 446, 510);
    fat.writeUInt16LE(0xaa55, 510);
    for (const disk of [extHead(), fat, Buffer.alloc(8192), Buffer.alloc(100), Buffer.alloc(0)]) {
      expect(await layout(disk)).toEqual({ kind: 'none' });
    }
  });
});
