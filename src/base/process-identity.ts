import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/**
 * A process so exactly named that it can later be told whether it still runs. A new container counts its pids from 1
 * under the same boot id, so the namespace belongs to it; a pid is used again, so its start time does.
 */
export interface ProcessIdentity {
  /** /etc/machine-id; where there is none, the host's name. */
  readonly machine: string;
  readonly boot: string;
  /** 'pid:[4026531836]'; 'none' where the system has no namespaces. */
  readonly namespace: string;
  readonly pid: number;
  /** Linux: clock ticks since boot. macOS: to the second only, so a pid used again within its second looks alive. */
  readonly startedAt: string;
}

/** What the system does not tell. */
export const UNKNOWN = 'unknown';

/** `elsewhere`: another machine, boot or namespace; nothing can be said from here. */
export type Liveness = 'alive' | 'gone' | 'elsewhere';

/** Of this process. What the system does not tell is 'unknown', and then never proves that anybody is gone. */
export async function thisProcess(): Promise<ProcessIdentity> {
  return {
    machine: await machineId(),
    boot: await bootId(),
    namespace: await namespaceId(),
    pid: process.pid,
    startedAt: (await startOf(process.pid)) ?? UNKNOWN,
  };
}

/** Whether `other` still runs, as far as `self` can see. In doubt it does. */
export async function livenessOf(other: ProcessIdentity, self: ProcessIdentity): Promise<Liveness> {
  const same = (['machine', 'boot', 'namespace'] as const).every(
    (part) => other[part] === self[part] && self[part] !== UNKNOWN,
  );
  if (!same) return 'elsewhere';
  if (!isThere(other.pid)) return 'gone';
  const startedAt = await startOf(other.pid);
  // It is there but cannot be looked at: another user's, on a system that hides them.
  if (startedAt === undefined || startedAt === UNKNOWN || other.startedAt === UNKNOWN) return 'alive';
  return startedAt === other.startedAt ? 'alive' : 'gone';
}

/** A process that has ended, and whose parent has not asked for it yet, holds nothing any more. */
const ENDED = 'ended';
const TOOL_MS = 5000;

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return !(thrown instanceof Error && 'code' in thrown && thrown.code === 'ESRCH');
  }
}

async function machineId(): Promise<string> {
  return (await lineOf('/etc/machine-id')) ?? (await lineOf('/var/lib/dbus/machine-id')) ?? hostname();
}

async function bootId(): Promise<string> {
  if (process.platform === 'linux') return (await lineOf('/proc/sys/kernel/random/boot_id')) ?? UNKNOWN;
  return (await answerOf('/usr/sbin/sysctl', ['-n', 'kern.bootsessionuuid'])) ?? UNKNOWN;
}

async function namespaceId(): Promise<string> {
  if (process.platform !== 'linux') return 'none';
  return readlink('/proc/self/ns/pid').catch(() => UNKNOWN);
}

/** When a process started, in the words of its system; undefined where it cannot be seen. */
async function startOf(pid: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return answerOf('/bin/ps', ['-o', 'lstart=', '-p', String(pid)]);
  const stat = await lineOf(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, and may itself contain spaces and brackets.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const isZombie = fields?.[STATE] === 'Z' || fields?.[STATE] === 'X';
  // Killed, but one of its threads is still inside a call that cannot be interrupted: it is not gone yet.
  const isDying = Number(fields?.[THREADS]) > 1;
  return isZombie && !isDying ? ENDED : fields?.[STARTTIME];
}

/** Fields 3, 20 and 22 of proc(5)'s stat, counted from the third, which is the first after the name. */
const STATE = 0;
const THREADS = 17;
const STARTTIME = 19;

async function lineOf(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim() === '' ? undefined : text.trim();
}

function answerOf(program: string, args: readonly string[]): Promise<string | undefined> {
  const options = { timeout: TOOL_MS, env: { LC_ALL: 'C', TZ: 'UTC' } };
  return new Promise((resolve) => {
    execFile(program, [...args], options, (error, stdout) => {
      resolve(error !== null || stdout.trim() === '' ? undefined : stdout.trim());
    });
  });
}
