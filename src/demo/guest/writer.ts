import { type ChildProcess, spawn } from 'node:child_process';
import { DIGITS, type Spot } from '../spot.ts';

/**
 * What runs in a guest: N to the boot disk, N to the data disk, N + 1 to the boot disk. So the only states that ever
 * exist are those where the data disk holds the boot disk's number or the one before it.
 */
const PROGRAM = `
const fs = require('node:fs');
const [every, ...spots] = process.argv.slice(1);
const disks = spots.map((spot) => JSON.parse(spot));
const open = disks.map(({ file }) => fs.openSync(file, 'r+'));
let step = 0;
setInterval(() => {
  const disk = step % disks.length;
  const digits = String(Math.floor(step / disks.length) + 1).padStart(${DIGITS}, '0');
  fs.writeSync(open[disk], digits, disks[disk].offset);
  step += 1;
}, Number(every));
process.stdin.resume().on('end', () => process.exit());
process.stdout.write('writing');
`;

export interface Writer {
  readonly pid: number;
  /** It ends by itself when this process does: its input is a pipe from here. */
  stop(): Promise<void>;
}

/** Starts it and waits until it writes. */
export async function startWriter(boot: Spot, data: Spot, everyMs: number): Promise<Writer> {
  const argv = ['-e', PROGRAM, String(everyMs), JSON.stringify(boot), JSON.stringify(data)];
  const child = spawn(process.execPath, argv, { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await writing(child);
  return {
    pid: child.pid ?? 0,
    stop() {
      // SIGKILL also ends what is stopped.
      child.kill('SIGKILL');
      return ended;
    },
  };
}

function writing(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`the guest's writer ended at once: exit ${code}`)));
    child.stdout?.once('data', () => {
      child.removeAllListeners('exit');
      resolve();
    });
  });
}
