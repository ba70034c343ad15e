import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';

/** Where a counter stands. */
export interface Spot {
  readonly file: string;
  readonly at: number;
}

/**
 * Writes N to the first place, then N to the second, then N + 1 to the first, and so on, as fast as it can.
 *
 * @param how `flushed`: each write is on the disk before the next begins, as in a journal
 */
export async function startWriter(
  [first, second]: readonly [Spot, Spot],
  how: 'flushed' | 'unflushed',
): Promise<{ stop(): Promise<void> }> {
  const program = `
    const { openSync, writeSync, constants } = require('node:fs');
    const spots = ${JSON.stringify([first, second])}.map(({ file, at }) => ({ fd: openSync(file, constants.O_RDWR | ${how === 'flushed' ? 'constants.O_DSYNC' : 0}), at }));
    const count = Buffer.alloc(8);
    for (let n = 1n; ; n++) {
      count.writeBigUInt64LE(n);
      for (const { fd, at } of spots) writeSync(fd, count, 0, 8, at);
      if (n === 20n) process.stdout.write('writing');
    }`;
  const child: ChildProcess = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  if (child.stdout !== null) await once(child.stdout, 'data');
  return {
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** The first counter less the second: 0 or 1 in every state that ever existed. */
export function lead([first, second]: readonly [Spot, Spot]): { readonly lead: number; readonly count: number } {
  const [a, b] = [counter(first), counter(second)];
  return { lead: Number(a - b), count: Number(a) };
}

function counter({ file, at }: Spot): bigint {
  const bytes = Buffer.alloc(8);
  const open = openSync(file, 'r');
  readSync(open, bytes, 0, 8, at);
  closeSync(open);
  return bytes.readBigUInt64LE();
}
