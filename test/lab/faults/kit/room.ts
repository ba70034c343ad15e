import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { attempt, must } from '../../kit/programs.ts';

/** The room of a file system, taken away and given back. */
export interface Room {
  /** Takes what is left of it, to the last block. */
  fill(): Promise<void>;
  free(): void;
}

/** Takes all of its room but so many MiB: what is left is then gone in a moment. */
export function fillBut(folder: string, leftMb: number): Room {
  const [blocks = 0, size = 0] = must('stat', '-f', '-c', '%a %S', folder).split(' ').map(Number);
  const ballast = (name: string): string => join(folder, `ballast-${name}`);
  must('fallocate', '-l', String(blocks * size - leftMb * 1024 ** 2), ballast('most'));
  return {
    async fill() {
      for (const block of ['64k', '4k']) {
        const { stderr } = await attempt('dd', ['if=/dev/zero', `of=${ballast(block)}`, `bs=${block}`], 10_000);
        expect(stderr).toContain('No space left on device');
      }
    },
    free() {
      for (const name of ['most', '64k', '4k']) rmSync(ballast(name), { force: true });
    },
  };
}
