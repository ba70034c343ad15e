import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, must } from './programs.ts';

/** A file system on a loop device of our own, also mounted on this side: so it can be looked at, and thawed, whatever becomes of the guest. */
export interface LabDisk {
  readonly device: string;
  readonly image: string;
  /** The whole disk that `device` is a part of, and its other part: a file system that nobody has mounted. */
  readonly split?: { readonly whole: string; readonly spare: string };
  /** Where this side has it mounted. */
  readonly here: string;
  /** How long a write and its fsync take, in ms; `blocked` if it did not end in time. It is left behind then. */
  write(limitMs?: number): Promise<number | 'blocked'>;
  /** A FITHAW by force: `EINVAL` is how a file system says that it is not frozen. */
  thaw(): Promise<'EINVAL' | 'was frozen' | 'hangs'>;
  close(): Promise<void>;
}

export type FileSystem = 'ext4' | 'xfs' | 'btrfs';

const LEAST_MB: Readonly<Record<FileSystem, number>> = { ext4: 64, xfs: 300, btrfs: 128 };
const MAKE: Readonly<Record<FileSystem, readonly [string, ...string[]]>> = {
  ext4: ['mkfs.ext4', '-q', '-F'],
  xfs: ['mkfs.xfs', '-q', '-f'],
  btrfs: ['mkfs.btrfs', '-q', '-f'],
};

export interface DiskOptions {
  readonly type?: FileSystem;
  readonly sizeMb?: number;
  /** Two partitions, each half of it, with a file system on both. What is in the image is lost. */
  readonly split?: boolean;
}

/**
 * @param image made if it is not there yet; one that is there keeps its file system
 */
export function labDisk(folder: string, image: string, options: DiskOptions = {}): LabDisk {
  const { type = 'ext4', split: isSplit = false } = options;
  if (!existsSync(image)) {
    must('truncate', '-s', `${options.sizeMb ?? LEAST_MB[type]}M`, image);
    if (!isSplit) makeFileSystem(type, image);
  }
  const loop = must('losetup', '-f', ...(isSplit ? ['-P'] : []), '--show', image);
  const split = isSplit ? partsOf(loop, image, type) : undefined;
  const device = split === undefined ? loop : `${loop}p1`;
  const here = join(folder, `here-${device.slice('/dev/'.length)}`);
  mkdirSync(here);
  try {
    must('mount', device, here);
  } catch (thrown) {
    must('losetup', '-d', loop);
    throw thrown;
  }
  let probes = 0;

  async function thaw(): Promise<'EINVAL' | 'was frozen' | 'hangs'> {
    const { exit, stderr } = await attempt('fsfreeze', ['-u', here]);
    if (exit === 'hangs') return 'hangs';
    if (exit === 0) return 'was frozen';
    if (stderr.includes('Invalid argument')) return 'EINVAL';
    throw new Error(`fsfreeze -u ${here}: ${stderr}`);
  }

  return {
    device,
    image,
    ...(split === undefined ? {} : { split }),
    here,
    thaw,
    async write(limitMs = 1000) {
      const began = performance.now();
      const file = join(here, `.probe-${process.pid}-${++probes}`);
      const { exit } = await attempt('dd', ['if=/dev/zero', `of=${file}`, 'bs=512', 'count=1', 'conv=fsync'], limitMs);
      return exit === 'hangs' ? 'blocked' : performance.now() - began;
    },
    async close() {
      while ((await thaw()) === 'was frozen');
      await unmounted(here);
      await attempt('losetup', ['-d', loop]);
    },
  };
}

export function makeFileSystem(type: FileSystem, place: string): void {
  const [program, ...flags] = MAKE[type];
  must(program, ...flags, place);
}

/** A kernel that reads no partition table is told of the parts. */
function partsOf(loop: string, image: string, type: FileSystem): LabDisk['split'] & {} {
  const half = Math.floor(statSync(image).size / 512 / 2 / 2048) * 2048;
  must('addpart', loop, '1', '2048', String(half - 2048));
  must('addpart', loop, '2', String(half), String(half - 2048));
  for (const number of [1, 2]) makeFileSystem(type, `${loop}p${number}`);
  return { whole: loop, spare: `${loop}p2` };
}

/** Writers that a freeze had blocked may still be about to close their files. */
async function unmounted(here: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    if ((await attempt('umount', [here])).exit === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  must('umount', '-l', here);
}
