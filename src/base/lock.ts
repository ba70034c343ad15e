import { randomBytes } from 'node:crypto';
import { hostname, userInfo } from 'node:os';
import { type Clock, sleep } from './clock.ts';
import type { Deadline } from './deadline.ts';
import { EXIT, Fault } from './fault.ts';
import { localTime } from './local-time.ts';
import { breakLock, type Claim, claim, type HeldLock, heldLocks, release } from './lock-file.ts';
import { thisProcess } from './process-identity.ts';

/** What is locked: the key that two runs share when they share the thing, and the thing's name for people. */
export interface LockName {
  /** 'vm:5030c1a0-…' */
  readonly key: string;
  /** 'guest mail01' */
  readonly shown: string;
}

/** The locks of one folder. Runs that share no folder do not see one another here. */
export interface Locks {
  /**
   * Takes all of them or none. Waits for those that others hold until `wait` is over (at its end already: tries once),
   * then a Fault `locked` that says whose it is.
   */
  take(names: readonly LockName[], run: string, wait: Deadline): Promise<TakenLocks>;
  /** Who holds what, as far as it can be seen from here. */
  held(): Promise<readonly HeldLock[]>;
  /**
   * Takes a lock away: of the dead without more ado, of anybody else only ever on a person's word. False: it is no
   * longer what was seen.
   */
  break(seen: HeldLock): Promise<boolean>;
}

export interface TakenLocks {
  /** Twice is no error. */
  release(): Promise<void>;
}

const AGAIN_MS = 250;

export function fileLocks(folder: string, clock: Clock): Locks {
  return {
    async take(names, run, wait) {
      const claimOf = await claimant(run, clock.date());
      const sorted = [...new Map(names.map((name) => [name.key, name])).values()].sort((a, b) =>
        a.key < b.key ? -1 : 1,
      );
      for (;;) {
        const outcome = await takeAll(folder, sorted.map(claimOf));
        if (outcome.kind === 'taken') return outcome.locks;
        if (wait.remainingMs() <= 0) throw locked(outcome.by, wait);
        await sleep(clock, Math.min(AGAIN_MS, wait.remainingMs()), wait.signal);
      }
    },
    held: () => heldLocks(folder),
    break: (seen) =>
      seen.kind === 'held' && seen.liveness === 'gone'
        ? heal(folder, seen.owner, clock.date())
        : breakLock(folder, seen),
  };
}

type Taking =
  | { readonly kind: 'taken'; readonly locks: TakenLocks }
  | { readonly kind: 'locked'; readonly by: HeldLock };

/** In sorted order, and nothing is kept while waiting: two runs never wait for one another. */
async function takeAll(folder: string, claims: readonly Claim[]): Promise<Taking> {
  const held: Claim[] = [];
  const letGo = async (): Promise<void> => {
    for (const taken of held.splice(0).reverse()) await release(folder, taken);
  };
  try {
    for (const wanted of claims) {
      const conflict = await claim(folder, wanted);
      if (conflict !== undefined) {
        await letGo();
        return { kind: 'locked', by: conflict };
      }
      held.push(wanted);
    }
  } catch (thrown) {
    await letGo();
    throw unusable(folder, thrown);
  }
  return { kind: 'taken', locks: { release: letGo } };
}

/** As any run succeeds the dead, and then given back: two who heal the same lock at once never undo one another. */
async function heal(folder: string, { key, shown }: Claim, now: Date): Promise<boolean> {
  const mine = (await claimant('mend', now))({ key, shown });
  if ((await claim(folder, mine)) !== undefined) return false;
  await release(folder, mine);
  return true;
}

async function claimant(run: string, now: Date): Promise<(name: LockName) => Claim> {
  const self = await thisProcess();
  const about = { ...self, run, user: userName(), host: hostname(), since: now.toISOString() };
  return (name) => ({ ...about, key: name.key, shown: name.shown, nonce: randomBytes(12).toString('hex') });
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that no user has.
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

function isFull(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT');
}

function unusable(folder: string, thrown: unknown): Fault {
  return new Fault({
    code: 'lock.folder',
    message: `no lock can be taken in ${folder}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    hint: isFull(thrown)
      ? 'Make room on that file system.'
      : 'Choose a state folder that this user can write, on a file system with hard links (`state:` in the topology).',
    cause: thrown,
  });
}

function locked(by: HeldLock, wait: Deadline): Fault {
  // An interrupt while waiting is not the lock's doing.
  const reason: unknown = wait.signal.reason;
  if (reason instanceof Fault && reason.code !== 'deadline') return reason;
  return lockedBy(by);
}

/** What who finds it held is told: whose it is, since when, and what to do. */
export function lockedBy(by: HeldLock): Fault {
  return new Fault({ code: 'locked', ...said(by), exit: EXIT.locked });
}

function said(by: HeldLock): { readonly message: string; readonly hint: string } {
  if (by.kind === 'unreadable') {
    return {
      message: `the lock ${by.file} is held, but does not say by whom: it is empty or damaged`,
      hint: 'If no run is going on, take it away with: stillpoint mend --break-lock',
    };
  }
  const { owner, liveness } = by;
  const where = liveness === 'elsewhere' ? `on ${owner.host}` : 'on this machine';
  const message = `${owner.shown} is locked by run ${owner.run} of ${owner.user} ${where} (process ${owner.pid}), since ${localTime(new Date(owner.since))}`;
  if (liveness !== 'elsewhere') return { message, hint: 'Wait for it, at the most ten minutes: --wait 10m' };
  return {
    message: `${message}; from here it cannot be seen whether that run still goes on`,
    hint:
      'Wait for it (--wait 10m). If it is certainly over, because that machine or container was stopped: ' +
      'stillpoint mend --break-lock',
  };
}
