import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, must } from './programs.ts';

/** A file system on a loop device of our own, also mounted on this side: so it can be looked at, and thawed, whatever becomes of the guest. */
export interface LabDisk {
  readonly device: string;
  readonly image: string;
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
export const MAKE: Readonly<Record<FileSystem, readonly [string, ...string[]]>> = {
  ext4: ['mkfs.ext4', '-q', '-F'],
  xfs: ['mkfs.xfs', '-q', '-f'],
  btrfs: ['mkfs.btrfs', '-q', '-f'],
};

/**
 * @param image made if it is not there yet; one that is there keeps its file system
 */
export function labDisk(
  folder: string,
  image: string,
  options: { readonly type?: FileSystem; readonly sizeMb?: number } = {},
): LabDisk {
  const type = options.type ?? 'ext4';
  if (!existsSync(image)) {
    must('truncate', '-s', `${options.sizeMb ?? LEAST_MB[type]}M`, image);
    const [program, ...flags] = MAKE[type];
    must(program, ...flags, image);
  }
  const device = must('losetup', '-f', '--show', image);
  const here = join(folder, `here-${device.slice('/dev/'.length)}`);
  mkdirSync(here);
  try {
    must('mount', device, here);
  } catch (thrown) {
    must('losetup', '-d', device);
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
      await attempt('losetup', ['-d', device]);
    },
  };
}

/** Writers that a freeze had blocked may still be about to close their files. */
async function unmounted(here: string): Promise<void> {
  for (let round = 0; round < 50; round++) {
    if ((await attempt('umount', [here])).exit === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  must('umount', '-l', here);
}
