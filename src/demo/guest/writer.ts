import { type ChildProcess, spawn } from 'node:child_process';
import { BLANK, LINE_CHARACTERS } from '../../ledger/record.ts';
import { SLOTS, type Spot } from '../spot.ts';

/**
 * What runs in a guest: an order ledger, as `stillpoint ledger write` keeps one where python3 is. N to the boot disk, N
 * to the data disk, N + 1 to the boot disk: so the only states that ever exist are those where the data disk holds the
 * boot disk's number or the one before it.
 */
const PROGRAM = `
const { createHash, randomBytes } = require('node:crypto');
const fs = require('node:fs');
const [every, ...spots] = process.argv.slice(1);
const disks = spots.map((spot) => JSON.parse(spot));
const open = disks.map(({ file }) => fs.openSync(file, 'r+'));
const ledger = randomBytes(8).toString('hex');
const digits = (value, width) => String(Math.floor(value)).padStart(width, '0');
let previous = '0'.repeat(24);
function write(disk, record, slot) {
  const place = digits(disk + 1, 2) + '/' + digits(disks.length, 2);
  const times = [digits(Date.now(), 13), digits(performance.now(), 13)];
  const signed = ['SPL-v1', ledger, place, digits(${SLOTS}, 6), digits(record, 12), ...times, previous].join(' ');
  const own = createHash('sha256').update(signed).digest('hex').slice(0, 24);
  fs.writeSync(open[disk], signed + ' ' + own + '\\n', disks[disk].offset + slot * ${LINE_CHARACTERS + 1});
  return own;
}
disks.forEach(({ offset }, disk) => {
  fs.writeSync(open[disk], '${BLANK}\\n'.repeat(${SLOTS + 1}), offset);
  write(disk, 0, 0);
});
let step = 0;
setInterval(() => {
  const round = Math.floor(step / disks.length);
  previous = write(step % disks.length, step + 1, 1 + (round % ${SLOTS}));
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
