import { constants, copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { readCopy } from '../../../src/ledger/copy.ts';
import { ledgerTextAt } from '../../../src/ledger/files.ts';
import { LEDGER_FILE } from '../../../src/ledger/record.ts';
import type { LedgerReport } from '../../../src/ledger/report.ts';
import { judgeLedger } from '../../../src/ledger/rule.ts';
import { type LabDisk, labDisk } from './disk.ts';
import type { LabGuest } from './guest.ts';
import { diskAt } from './holding.ts';
import type { Lab } from './lab.ts';
import { attempt, must } from './programs.ts';

/** An array of two makes, with one LUN, which is a disk of the guest. */
export interface TrialArray {
  readonly name: 'btrfs' | 'reflink';
  /** Where the guest has the LUN mounted. */
  readonly mount: string;
  /** The image that is the LUN. */
  readonly lun: string;
  /** Cuts it, by the same command as the driver of this make. */
  cut(snapshot: string): Promise<void>;
  /** Mounts a writable clone of a snapshot: the file system in it recovers as after a power loss. Both go afterwards. */
  lookInto<T>(snapshot: string, look: (folder: string) => Promise<T>): Promise<T>;
}

/** A snapshot of each of two arrays, and what lay between. */
export interface Trial {
  readonly first: TrialArray['name'];
  /** Whole rounds that the writer wrote after the first cut had ended and before the second began. */
  readonly rounds: number;
  readonly apartMs: number;
  readonly report: LedgerReport;
}

export function btrfsArray(lab: Lab, mount: string): TrialArray {
  const disk = lab.disk('alpha', { type: 'btrfs', sizeMb: 1024 });
  const volume = join(disk.here, 'lun0');
  must('btrfs', '-q', 'subvolume', 'create', volume);
  return {
    name: 'btrfs',
    mount,
    lun: join(volume, 'lun.img'),
    cut: (snapshot) => done('btrfs', '-q', 'subvolume', 'snapshot', '-r', volume, join(disk.here, snapshot)),
    async lookInto(snapshot, look) {
      const taken = join(disk.here, snapshot);
      const answer = await mounted(lab, join(taken, 'lun.img'), `${taken}.img`, look);
      await done('btrfs', '-q', 'subvolume', 'delete', taken);
      return answer;
    },
  };
}

export function reflinkArray(lab: Lab, mount: string): TrialArray {
  const disk = lab.disk('beta', { type: 'xfs', sizeMb: 1024 });
  const lun = join(disk.here, 'lun0.img');
  return {
    name: 'reflink',
    mount,
    lun,
    cut: (snapshot) => done('cp', '--reflink=always', lun, join(disk.here, snapshot)),
    async lookInto(snapshot, look) {
      const taken = join(disk.here, snapshot);
      const answer = await mounted(lab, taken, `${taken}.img`, look);
      rmSync(taken);
      return answer;
    },
  };
}

/** Cuts one array, waits, and cuts the other. */
export async function cutBoth(
  guest: LabGuest,
  [early, late]: readonly [TrialArray, TrialArray],
  snapshot: string,
  apartMs: number,
): Promise<Omit<Trial, 'report'>> {
  await early.cut(snapshot);
  const [cutAt, before] = [performance.now(), lastRecord(guest, [early, late])];
  await wait(apartMs);
  const [apart, after] = [performance.now() - cutAt, lastRecord(guest, [early, late])];
  await late.cut(snapshot);
  return { first: early.name, rounds: Math.floor((after - before) / 2), apartMs: apart };
}

/** What the ledger in the two snapshots says. */
export async function judge(arrays: readonly TrialArray[], snapshot: string): Promise<LedgerReport> {
  const texts = arrays.map((array) =>
    array.lookInto(snapshot, async (folder) => ({ ...(await ledgerTextAt(folder)), volume: array.name })),
  );
  return judgeLedger(await Promise.all(texts));
}

/** How far the writer has come, seen from outside the guest. */
function lastRecord(guest: LabGuest, arrays: readonly TrialArray[]): number {
  const last = arrays.map(({ mount }) => {
    const text = readFileSync(join(diskAt(guest, mount).here, LEDGER_FILE), 'latin1');
    return readCopy({ volume: mount, text }).last;
  });
  return Math.max(...last);
}

async function mounted<T>(lab: Lab, image: string, clone: string, look: (folder: string) => Promise<T>): Promise<T> {
  copyFileSync(image, clone, constants.COPYFILE_FICLONE_FORCE);
  const folder = join(lab.folder, 'looked-into');
  mkdirSync(folder, { recursive: true });
  let disk: LabDisk | undefined;
  try {
    disk = labDisk(folder, clone);
    return await look(disk.here);
  } finally {
    await disk?.close();
    if (disk !== undefined) rmSync(disk.here, { recursive: true });
    rmSync(clone);
  }
}

async function done(program: string, ...args: readonly string[]): Promise<void> {
  const { exit, stderr } = await attempt(program, args, 20_000);
  if (exit !== 0) throw new Error(`${program} ${args.join(' ')}: ${exit} ${stderr}`);
}
