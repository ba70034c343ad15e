import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LabGuest } from '../../kit/guest.ts';
import { diskAt } from '../../kit/holding.ts';
import { must } from '../../kit/programs.ts';

/** A number in a block of a disk's image that never moves: so it can be read from a copy without mounting it. */
export interface Counter {
  /** Mount point in the guest. */
  readonly mount: string;
  readonly offset: number;
}

/** Writes N through to the first disk, then N through to the second, and so on, and notes when each N was done. */
export interface PairWriter {
  /** In the order of writing. */
  readonly counters: readonly [Counter, Counter];
  /** When the pairs were whole, in µs, by the machine's clock. */
  doneUs(): readonly number[];
  stop(): Promise<void>;
}

const PROGRAM = `
import os, sys, time
spots = [os.open(path, os.O_RDWR | os.O_DSYNC) for path in sys.argv[1:3]]
log = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
n = 0
while True:
    n += 1
    for spot in spots: os.pwrite(spot, b'%020d' % n, 0)
    os.write(log, b'%d\\n' % (time.time_ns() // 1000))
    time.sleep(0.01)
`;

/**
 * In the guest, past sshd and network. A write to a frozen disk blocks it, and a kill waits for the thaw.
 *
 * @param mounts the disk that each number goes to first, and the one that it goes to then
 */
export async function startPairWriter(guest: LabGuest, mounts: readonly [string, string]): Promise<PairWriter> {
  const name = `pair-${mounts.map((mount) => mount.replaceAll('/', '_')).join('-')}`;
  const files = mounts.map((mount) => join(mount, name));
  const [first, second] = [counterFile(guest, mounts[0], name), counterFile(guest, mounts[1], name)];
  // In memory: what is written there is never held.
  const log = `/run/${name}`;
  const seen = `/proc/${guest.pid}/root${log}`;
  const enter = ['-t', String(guest.pid), '-m', '-p', '--'];
  const child = spawn('nsenter', [...enter, 'python3', '-c', PROGRAM, ...files, log], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const doneUs = (): readonly number[] =>
    existsSync(seen) ? readFileSync(seen, 'utf8').trim().split('\n').map(Number) : [];
  await until(() => doneUs().length > 10, 'the writer does not write');
  const pids = childrenOf(child);
  return {
    counters: [first, second],
    doneUs,
    async stop() {
      for (const pid of pids) killIfThere(pid);
      await ended;
    },
  };
}

function counterFile(guest: LabGuest, mount: string, name: string): Counter {
  const file = join(diskAt(guest, mount).here, name);
  writeFileSync(file, Buffer.alloc(4096));
  must('sync', file);
  const found = /^\s*0:\s+0\.\.\s*\d+:\s+(\d+)\.\./m.exec(must('filefrag', '-v', '-b512', file));
  if (found === null) throw new Error(`${file} has no place of its own`);
  return { mount, offset: Number(found[1]) * 512 };
}

/** The number in an image, or in a copy of it. */
export function numberIn(image: string, { offset }: Counter): number {
  const bytes = Buffer.alloc(20);
  const open = openSync(image, 'r');
  try {
    readSync(open, bytes, 0, bytes.length, offset);
  } finally {
    closeSync(open);
  }
  return Number(bytes.toString('latin1'));
}

/** The longest time between two pairs, in ms. */
export function longestGapMs(writer: PairWriter): number {
  const done = writer.doneUs();
  return Math.round(Math.max(...done.map((doneUs, nth) => doneUs - (done[nth - 1] ?? doneUs))) / 1000);
}

function childrenOf({ pid }: ChildProcess): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children.split(' ').map(Number);
}

export function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

export async function until(is: () => boolean, otherwise: string, limitMs = 60_000): Promise<void> {
  const began = performance.now();
  while (!is()) {
    if (performance.now() - began > limitMs) throw new Error(otherwise);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
