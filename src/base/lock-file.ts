import { createHash } from 'node:crypto';
import { link, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { jsonText, parseJson } from './json.ts';
import { type Liveness, livenessOf, type ProcessIdentity, thisProcess } from './process-identity.ts';

/**
 * One lock as one file, made whole or not at all (written aside, then linked under its name, which only one can do).
 *
 * A dead owner's file is replaced, never first removed, and only by the one process that holds the right to succeed it.
 * That right is a file as well, `LOCK.after-NONCE`, named after the nonce of the very file that is to be replaced, and
 * again only one can link it; who dies holding the right is succeeded in the same way. Why two can never both win:
 * - Nonces are never used twice. While LOCK carries nonce N and its owner is gone, LOCK changes only by the hand of who
 *   holds the right to succeed N.
 * - Rights are swept only by a holder of LOCK, so only when LOCK no longer carries their nonce, and never will again.
 * - So a right that was linked late, by somebody who looked before LOCK changed, is worthless, and its owner sees that:
 *   LOCK is read again after the right was taken.
 */
export interface Claim extends ProcessIdentity {
  readonly key: string;
  readonly shown: string;
  readonly run: string;
  readonly user: string;
  readonly host: string;
  readonly since: string;
  readonly nonce: string;
}

/** A lock that is there. One whose owner is `gone` is free for the next who asks. */
export type HeldLock =
  | { readonly kind: 'held'; readonly owner: Claim; readonly liveness: Liveness }
  /** Empty or damaged; never by us, who write a lock whole before it has its name. */
  | { readonly kind: 'unreadable'; readonly file: string };

type LockReading =
  | { readonly kind: 'free' }
  | { readonly kind: 'unreadable'; readonly file: string }
  | { readonly kind: 'claimed'; readonly claim: Claim };

const claimShape: z.ZodType<Claim, unknown> = z.object({
  machine: z.string(),
  boot: z.string(),
  namespace: z.string(),
  pid: z.number().int().positive(),
  startedAt: z.string(),
  key: z.string(),
  shown: z.string(),
  run: z.string(),
  user: z.string(),
  host: z.string(),
  since: z.iso.datetime(),
  nonce: z.string().regex(/^[0-9a-f]{24}$/),
});

/** Takes the lock for `wanted`, healing it where its owner is gone; answers with who holds it otherwise. */
export async function claim(folder: string, wanted: Claim): Promise<HeldLock | undefined> {
  const lock = join(folder, lockFileName(wanted.key));
  const aside = await writeAside(folder, wanted);
  try {
    for (;;) {
      if (await linked(aside, lock)) break;
      const found = await readLock(lock);
      if (found.kind === 'free') continue;
      if (found.kind === 'unreadable') return found;
      const conflict = await succeed(lock, found.claim, found.claim, aside, wanted);
      if (conflict === 'again') continue;
      if (conflict !== undefined) return conflict;
      break;
    }
  } finally {
    await rm(aside, { force: true });
  }
  await sweep(folder, lock);
  return undefined;
}

/** Removes the lock if it is still that of `mine`. */
export async function release(folder: string, mine: Claim): Promise<void> {
  const lock = join(folder, lockFileName(mine.key));
  const found = await readLock(lock);
  if (found.kind === 'claimed' && found.claim.nonce === mine.nonce) await rm(lock, { force: true });
}

/** All locks of a folder, by file name. */
export async function heldLocks(folder: string): Promise<readonly HeldLock[]> {
  const self = await thisProcess();
  const locks: HeldLock[] = [];
  for (const name of await namesIn(folder)) {
    if (!name.endsWith('.lock')) continue;
    const found = await readLock(join(folder, name));
    if (found.kind === 'unreadable') locks.push(found);
    if (found.kind !== 'claimed') continue;
    locks.push({ kind: 'held', owner: found.claim, liveness: await livenessOf(found.claim, self) });
  }
  return locks;
}

/** Takes the lock away, whoever holds it; not for the dead, whom only their heir succeeds. False: it is no longer what was seen, and stays. */
export async function breakLock(folder: string, seen: HeldLock): Promise<boolean> {
  const lock = seen.kind === 'held' ? join(folder, lockFileName(seen.owner.key)) : seen.file;
  const now = await readLock(lock);
  const same =
    seen.kind === 'held' ? now.kind === 'claimed' && now.claim.nonce === seen.owner.nonce : now.kind === seen.kind;
  if (same) await rm(lock, { force: true });
  return same;
}

/** The file of a key: readable, and told apart by a sum where the key is long or has signs that a file name cannot. */
export function lockFileName(key: string): string {
  const readable = key.replace(/[^A-Za-z0-9._-]+/g, '_').slice(0, 60);
  return `${readable}-${createHash('sha256').update(key).digest('hex').slice(0, 12)}.lock`;
}

/**
 * Replaces a dead owner's claim by `wanted`. 'again': the lock has changed since it was looked at.
 *
 * @param held what LOCK carried when it was looked at
 * @param last who held the right last: the owner itself, or one who died while healing
 * @param aside a file that carries `wanted`
 */
export async function succeed(
  lock: string,
  held: Claim,
  last: Claim,
  aside: string,
  wanted: Claim,
): Promise<HeldLock | 'again' | undefined> {
  const liveness = await livenessOf(last, wanted);
  if (liveness !== 'gone') return { kind: 'held', owner: last, liveness };
  const right = rightToSucceed(lock, last);
  if (!(await linked(aside, right))) {
    const other = await readLock(right);
    if (other.kind === 'free') return 'again';
    return other.kind === 'unreadable' ? other : succeed(lock, held, other.claim, aside, wanted);
  }
  let replaced = false;
  try {
    const now = await readLock(lock);
    if (now.kind !== 'claimed' || now.claim.nonce !== held.nonce) return 'again';
    await rename(aside, lock);
    replaced = true;
    return undefined;
  } finally {
    // Given back: whoever looks next may take it. Once LOCK is replaced it is worthless, and swept with the rest.
    if (!replaced) await rm(right, { force: true });
  }
}

function rightToSucceed(lock: string, last: Claim): string {
  return `${lock}.after-${last.nonce}`;
}

/** On disk before it has the lock's name, so that a power loss never leaves an empty lock. */
async function writeAside(folder: string, wanted: Claim): Promise<string> {
  const path = join(folder, `.${wanted.nonce}${ASIDE}`);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(jsonText(wanted), 'utf8');
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
}

/** False: somebody else has that name already. */
async function linked(from: string, name: string): Promise<boolean> {
  try {
    await link(from, name);
    return true;
  } catch (thrown) {
    if (isCode(thrown, 'EEXIST')) return false;
    throw thrown;
  }
}

async function readLock(file: string): Promise<LockReading> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    if (isCode(thrown, 'ENOENT')) return { kind: 'free' };
    if (isCode(thrown, 'EISDIR')) return { kind: 'unreadable', file };
    throw thrown;
  }
  const read = claimShape.safeParse(parseJson(text));
  return read.success ? { kind: 'claimed', claim: read.data } : { kind: 'unreadable', file };
}

/** What those who died left: rights to succeed that nobody can use any more, and files that never became a lock. */
async function sweep(folder: string, lock: string): Promise<void> {
  const self = await thisProcess();
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if (path.startsWith(`${lock}.after-`)) await rm(path, { force: true });
    if (!name.endsWith(ASIDE)) continue;
    const found = await readLock(path);
    const stale =
      found.kind === 'claimed' ? (await livenessOf(found.claim, self)) === 'gone' : (await ageMs(path)) > ABANDONED_MS;
    if (stale) await rm(path, { force: true });
  }
}

const ASIDE = '.aside';
/** Writing a claim takes milliseconds; half of one this old will not be finished. */
const ABANDONED_MS = 3_600_000;

async function ageMs(path: string): Promise<number> {
  const entry = await stat(path).catch(() => undefined);
  return entry === undefined ? 0 : Date.now() - entry.mtimeMs;
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (thrown) {
    if (isCode(thrown, 'ENOENT')) return [];
    throw thrown;
  }
}

function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}
