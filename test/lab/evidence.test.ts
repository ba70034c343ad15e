import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import type { Evidence } from '../../src/evidence/evidence.ts';
import { lookInside } from '../../src/evidence/look.ts';
import { readRootFiles } from '../../src/evidence/root-file.ts';
import { runOn } from '../../src/evidence/stretch.ts';
import { localShell } from '../../src/transport/local.ts';
import { gptDisk, SECTOR } from '../fixtures/disk-bytes.ts';
import { needs } from '../needs.ts';
import { type BusyWriter, ROUNDS_FILE, startBusyWriter } from './kit/busy-writer.ts';
import type { FileSystem, LabDisk } from './kit/disk.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { must } from './kit/programs.ts';

const TYPES: readonly FileSystem[] = ['ext4', 'xfs', 'btrfs'];
const ROUNDS = 4;
const MIB = 1024 ** 2;

needs(
  'root',
  'linux',
  'loop',
  'losetup',
  'unshare',
  'fsfreeze',
  'python3',
  'mkfs.ext4',
  'mkfs.xfs',
  'mkfs.btrfs',
  'ip',
)('what real file systems show of themselves', () => {
  let lab: Lab;
  let disks: readonly LabDisk[];
  let writer: BusyWriter;
  const shell = localShell({ clock: systemClock });

  beforeAll(() => {
    lab = openLab();
    disks = TYPES.map((type) => lab.disk(type, { type }));
    writer = startBusyWriter(disks.map(({ here }) => here));
  });
  afterAll(async () => {
    for (const disk of disks ?? []) await disk.thaw();
    writer?.stop();
    await lab?.close();
  });

  const limit = () => deadline(systemClock, 60_000, 'the test');
  const look = (image: string, depth: 'quick' | 'full' = 'full'): Promise<Evidence> =>
    lookInside({ shell, image }, depth, limit());
  const copyOf = (disk: LabDisk, name: string): string => {
    const copy = join(lab.folder, name);
    execFileSync('cp', ['--sparse=always', disk.image, copy]);
    return copy;
  };
  const heldCopyOf = async (disk: LabDisk, name: string): Promise<string> => {
    execFileSync('fsfreeze', ['-f', disk.here]);
    try {
      return copyOf(disk, name);
    } finally {
      expect(await disk.thaw()).toBe('was frozen');
    }
  };
  /** The writer has to be at work, or what is copied while nobody is held proves nothing. */
  const busy = (disk: LabDisk): Promise<void> => writer.goesOn(disk.here);

  test(`each of ${ROUNDS} copies of a held one needs no recovery, and each of one that is written to does`, async () => {
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, disk] of disks.entries()) {
        await busy(disk);
        const free = await look(copyOf(disk, 'free'), 'quick');
        const held = await look(await heldCopyOf(disk, 'held'));
        const type = TYPES[index];
        expect(free.parts, `round ${round}`).toMatchObject([{ what: type, recovery: { needed: 'yes' } }]);
        expect(held.parts, `round ${round}`).toMatchObject([
          { what: type, recovery: { needed: 'no' }, check: { kind: 'sound' } },
        ]);
        expect(held.sizeBytes).toBe(BigInt(statSync(disk.image).size));
      }
    }
  });

  test('a file that was open and deleted makes no held file system look broken', async () => {
    for (const [index, disk] of disks.entries()) {
      const path = join(disk.here, 'deleted');
      const open = openSync(path, 'w');
      writeSync(open, 'z'.repeat(100_000));
      must('sync', path);
      must('rm', path);
      const { parts } = await look(await heldCopyOf(disk, 'orphan'));
      closeSync(open);
      expect(parts).toMatchObject([{ recovery: { needed: 'no' } }]);
      if (TYPES[index] === 'ext4') {
        expect(parts[0]?.check).toMatchObject({
          kind: 'not-looked-at',
          because: expect.stringContaining('open and deleted'),
        });
      } else expect(parts[0]?.check).toMatchObject({ kind: 'sound' });
    }
  });

  test('three file systems in partitions are looked into, their ledgers read, and nothing is written or left', async () => {
    const image = join(lab.folder, 'gpt');
    const held: string[] = [];
    for (const [index, disk] of disks.entries()) held.push(await heldCopyOf(disk, `part-${index}`));
    const sizes = held.map((copy) => statSync(copy).size / SECTOR);
    const starts = sizes.map((_, index) => 2048 + sizes.slice(0, index).reduce((a, b) => a + b, 0));
    writeFileSync(
      image,
      gptDisk(
        4096,
        starts.map((firstSector, index) => ({ firstSector, sectors: sizes[index] ?? 0 })),
      ),
    );
    for (const [index, copy] of held.entries()) {
      must(
        'dd',
        `if=${copy}`,
        `of=${image}`,
        `bs=${MIB}`,
        `seek=${(starts[index] ?? 0) / 2048}`,
        'conv=notrunc,sparse',
      );
    }
    must('truncate', '-s', `${(starts[2] ?? 0) * SECTOR + (sizes[2] ?? 0) * SECTOR}`, image);
    const before = sha256(image);

    const evidence = await look(image);
    expect(evidence.parts).toMatchObject(
      TYPES.map((what, index) => ({
        partition: { number: index + 1 },
        what,
        recovery: { needed: 'no' },
        check: { kind: 'sound' },
      })),
    );
    const files = await readRootFiles({ shell, image }, evidence, ROUNDS_FILE, limit());
    for (const file of files)
      expect(file).toMatchObject({ kind: 'read', text: expect.stringMatching(/^00000001\n(\d{8}\n)+$/) });
    expect(files).toHaveLength(3);
    expect(await readRootFiles({ shell, image }, evidence, 'no-such-file', limit())).toEqual(
      TYPES.map(() => ({ kind: 'absent' })),
    );
    expect(sha256(image)).toBe(before);
    expect(must('losetup', '-a')).not.toContain(image);
    expect(must('findmnt', '-rno', 'SOURCE,TARGET')).not.toContain(' /mnt\n');
  });

  test('of what a guest has put in its place, only a plain file of a size that can come back is read', async () => {
    const names = ['link', 'pipe', 'device', 'folder', 'large'] as const;
    for (const [index, disk] of disks.entries()) {
      const at = (name: string): string => join(disk.here, name);
      must('ln', '-s', '/etc/hostname', at('link'));
      must('mkfifo', at('pipe'));
      must('mknod', at('device'), 'c', '1', '5');
      must('mkdir', at('folder'));
      must('truncate', '-s', `${16 * MIB + 1}`, at('large'));
      must('sync', '-f', disk.here);
      const image = await heldCopyOf(disk, 'planted');
      must('rm', '-r', ...names.map(at));
      const evidence = await look(image, 'quick');
      for (const name of names) {
        const [file] = await readRootFiles({ shell, image }, evidence, name, limit()).catch(() => [undefined]);
        const text = file?.kind === 'read' ? file.text : '';
        expect(text.trim(), `${TYPES[index]}: ${name}`).not.toBe(readFileSync('/etc/hostname', 'utf8').trim());
        // An ext4 is read without being mounted: nothing there leads anywhere.
        if (TYPES[index] === 'ext4') continue;
        const why = name === 'large' ? 'is larger than' : 'is no plain file';
        expect(file, `${TYPES[index]}: ${name}`).toEqual({ kind: 'unread', why: expect.stringContaining(why) });
      }
    }
  });

  test('what is read of a held one is all that was synced before', async () => {
    for (const disk of disks) {
      await busy(disk);
      execFileSync('fsfreeze', ['-f', disk.here]);
      const ledger = readFileSync(join(disk.here, ROUNDS_FILE), 'utf8');
      const image = copyOf(disk, 'ledger');
      expect(await disk.thaw()).toBe('was frozen');
      const [file] = await readRootFiles({ shell, image }, await look(image, 'quick'), ROUNDS_FILE, limit());
      expect(file).toEqual({ kind: 'read', text: ledger });
    }
  });

  test('one that has to be recovered first is not read: its newest lines would be missing', async () => {
    for (const disk of disks) {
      await busy(disk);
      const image = copyOf(disk, 'free');
      const [file] = await readRootFiles({ shell, image }, await look(image, 'quick'), ROUNDS_FILE, limit());
      expect(file).toMatchObject({ kind: 'unread', why: expect.stringContaining('recovered first') });
    }
  });

  test('broken ones are found by their own programs', async () => {
    for (const [index, disk] of disks.entries()) {
      const image = await heldCopyOf(disk, 'broken');
      breakIt(TYPES[index] ?? 'ext4', image);
      const [part] = (await look(image)).parts;
      expect(part?.recovery?.needed, TYPES[index]).toBe('no');
      expect(part?.check, TYPES[index]).toMatchObject({ kind: TYPES[index] === 'xfs' ? 'doubts' : 'errors' });
    }
  });

  test('a program that is not there is named with its machine', async () => {
    const ran = await runOn({ shell, image: '/dev/null' }, ['no-such-fsck', '-n'], limit());
    expect(ran).toEqual({ ran: false, why: 'no-such-fsck is not on this machine' });
  });

  test('a program that does not end is ended with the deadline', async () => {
    const startedAt = performance.now();
    const soon = deadline(systemClock, 300, 'the test');
    await expect(runOn({ shell, image: '60' }, ['sleep'], soon)).rejects.toMatchObject({ code: 'command.deadline' });
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });
});

/** Somewhere where it matters, and its superblock does not. */
function breakIt(type: FileSystem, image: string): void {
  if (type === 'btrfs') return void must('sh', '-c', BREAK_BTRFS, 'sh', image);
  const at = type === 'ext4' ? firstInodeTable(image) : XFS_FREE_SPACE;
  must('dd', 'if=/dev/urandom', `of=${image}`, 'bs=512', `seek=${at / 512}`, 'count=1', 'conv=notrunc');
}

/** The header of the free space of its first group. */
const XFS_FREE_SPACE = 512;

/** The root of its file tree, in both copies. */
const BREAK_BTRFS = `
for copy in 1 2; do
  at=$(btrfs-map-logical -l "$(btrfs inspect-internal dump-tree -t fs "$1" | sed -n 's/^\\(node\\|leaf\\) \\([0-9]*\\) .*/\\2/p' | head -1)" "$1" |
    sed -n "s/^mirror $copy .*physical \\([0-9]*\\) .*/\\1/p")
  [ -z "$at" ] || dd if=/dev/urandom of="$1" bs=4096 seek=$((at / 4096)) count=4 conv=notrunc 2>/dev/null
done`;

function firstInodeTable(image: string): number {
  const said = must('dumpe2fs', image);
  const [block, size] = [/Inode table at (\d+)/, /Block size: +(\d+)/].map((form) => Number(form.exec(said)?.[1]));
  return (block ?? 0) * (size ?? 0);
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
