import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A real file system in an image of its own. */
export interface LoopFileSystem {
  readonly mount: string;
  close(): void;
}

/** @param mkfs the command that makes it, without the image */
export function loopFileSystem(mkfs: readonly [string, ...string[]], sizeBytes: number): LoopFileSystem {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-array-'));
  const image = join(folder, 'image');
  const mount = join(folder, 'mount');
  mkdirSync(mount);
  writeFileSync(image, '');
  truncateSync(image, sizeBytes);
  const [program, ...words] = mkfs;
  try {
    execFileSync(program, [...words, image], { stdio: 'pipe' });
    execFileSync('mount', ['-o', 'loop,noatime', image, mount], { stdio: 'pipe' });
  } catch (thrown) {
    rmSync(folder, { recursive: true });
    throw thrown;
  }
  return {
    mount,
    close() {
      execFileSync('umount', [mount]);
      rmSync(folder, { recursive: true });
    },
  };
}
