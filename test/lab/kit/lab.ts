import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DiskOptions, type LabDisk, labDisk } from './disk.ts';
import { type GuestOptions, type LabGuest, startGuest } from './guest.ts';
import { attempt, must } from './programs.ts';

/**
 * Guests and disks for one test file: guests in namespaces of their own, joined with a controller's namespace and
 * nothing else. `close` takes everything away, whatever state it is in; call it in afterAll.
 */
export interface Lab {
  readonly folder: string;
  guest(name: string, options?: GuestOptions): Promise<LabGuest>;
  /** A disk of this machine, mounted here: an array's, or one below a guest's image. */
  disk(name: string, options?: DiskOptions): LabDisk;
  /** The argv that runs something where guests are reached at their own addresses. */
  inController(argv: readonly string[]): readonly string[];
  /** Another machine that reaches the guests there are by now, through the first controller: the argv that runs something there. */
  secondController(): (argv: readonly string[]) => readonly string[];
  close(): Promise<void>;
}

/** 'splab-PID-…': whose it is shows in the name, so that what a killed run left can be told and taken away. */
const MARK = 'splab';

export function openLab(): Lab {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${MARK}-${process.pid}-`));
  const controller = `${MARK}-${process.pid}-${folder.slice(-6)}`;
  must('ip', 'netns', 'add', controller);
  must('ip', '-n', controller, 'link', 'set', 'lo', 'up');
  const guests: LabGuest[] = [];
  let numbers = 0;
  const disks: LabDisk[] = [];

  function disk(name: string, options?: DiskOptions): LabDisk {
    const made = labDisk(folder, join(folder, `${name}.img`), options);
    disks.push(made);
    return made;
  }

  return {
    folder,
    disk,
    async guest(name, options = {}) {
      const guest = await startGuest({ name, number: ++numbers, folder, controller }, options);
      guests.push(guest);
      return guest;
    },
    inController: (argv) => ['ip', 'netns', 'exec', controller, ...argv],
    secondController() {
      const second = `${controller}-b`;
      must('ip', 'netns', 'add', second);
      const pair = ['add', 'b0', 'netns', controller, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', second];
      must('ip', 'link', ...pair);
      must('ip', '-n', controller, 'addr', 'add', '10.78.0.1/24', 'dev', 'b0');
      must('ip', '-n', second, 'addr', 'add', '10.78.0.2/24', 'dev', 'eth0');
      must('ip', '-n', controller, 'link', 'set', 'b0', 'up');
      must('ip', '-n', second, 'link', 'set', 'eth0', 'up');
      must('ip', '-n', second, 'route', 'add', 'default', 'via', '10.78.0.1');
      must('ip', 'netns', 'exec', controller, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
      for (let number = 1; number <= numbers; number++)
        must('ip', '-n', `${controller}-${number}`, 'route', 'add', 'default', 'via', `10.77.${number}.1`);
      return (argv) => ['ip', 'netns', 'exec', second, ...argv];
    },
    async close() {
      // What others lie on is thawed first: their own thaw may wait for it.
      for (const one of disks) await one.thaw();
      for (const guest of guests) await guest.close();
      for (const one of disks.reverse()) await one.close();
      for (const name of [`${controller}-b`, controller]) await attempt('ip', ['netns', 'del', name]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Takes away what runs that were killed have left behind. */
function sweep(): void {
  const names = must('ip', 'netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');
  for (const name of names.filter(ofTheDead)) must('ip', 'netns', 'del', name);
  const mounts = must('findmnt', '-rno', 'TARGET,SOURCE').split('\n').reverse();
  for (const line of mounts) {
    const [target = '', source = ''] = line.split(' ');
    if (!ofTheDead(target.slice(tmpdir().length + 1))) continue;
    must('sh', '-c', 'timeout 5 fsfreeze -u "$1"; umount -l "$1"; losetup -d "$2"; true', 'sh', target, source);
  }
  // Guests outlive a test that was killed, and what they have mounted keeps its loop devices.
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isGuestOfTheDead(name)))
    must('sh', '-c', 'kill -9 "$1"; true', 'sh', pid);
  for (const line of must('losetup', '-l', '-n', '-O', 'NAME,BACK-FILE').split('\n')) {
    const [device = '', file = ''] = line.trim().split(/\s+/);
    if (ofTheDead(file.slice(tmpdir().length + 1))) must('sh', '-c', 'losetup -d "$1"; true', 'sh', device);
  }
  for (const name of readdirSync(tmpdir()).filter(ofTheDead)) {
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // Something still writes there: it is left for a later lab.
    }
  }
}

function isGuestOfTheDead(pid: string): boolean {
  try {
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return argv[0] === 'unshare' && argv.some((word) => ofTheDead(word.slice(tmpdir().length + 1)));
  } catch {
    return false;
  }
}

function ofTheDead(name: string): boolean {
  const pid = new RegExp(`^${MARK}-(\\d+)-`).exec(name)?.[1];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch {
    return true;
  }
}
