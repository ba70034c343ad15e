import { randomBytes } from 'node:crypto';
import { constants, statSync } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { defined } from './defined.ts';
import { EXIT, Fault } from './fault.ts';

/** Files, as far as the catalog needs them: so that a simulation can lose unsynced writes. */
export interface FileSystem {
  read(path: string): Promise<string | undefined>;
  /** Whole or not at all, on disk when it resolves: write aside, fsync, rename, fsync the folder. */
  writeWhole(path: string, text: string): Promise<void>;
  /** Appends; on disk only after `sync`. */
  append(path: string, text: string): Promise<void>;
  sync(path: string): Promise<void>;
  list(folder: string): Promise<readonly string[]>;
  /**
   * When a name last came into each of these folders of a folder, went, or began to mean another file: a number that no
   * later change bears again. NaN, which equals nothing: there is none, or it changed so lately that the next change might
   * bear the same.
   */
  changed(folder: string, names: readonly string[]): Promise<readonly number[]>;
  makeFolder(path: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** Only its owner reads what we keep: a manifest tells where everything lies. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/**
 * This machine's files. Folders are 0700 and files 0600; what `writeWhole`, `sync` and `makeFolder` have answered is
 * on disk, with its name. Whatever goes wrong is a Fault `files.*` that names the path.
 */
export const realFileSystem: FileSystem = {
  async read(path) {
    try {
      return await readFile(path, 'utf8');
    } catch (thrown) {
      if (isMissing(thrown)) return undefined;
      throw failed('read', path, thrown);
    }
  },

  writeWhole: (path, text) =>
    doing('written', path, async () => {
      const aside = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
      try {
        await withFile(aside, 'wx', async (file) => {
          await file.writeFile(text, 'utf8');
          await file.sync();
        });
        await rename(aside, path);
      } catch (thrown) {
        await rm(aside, { force: true }).catch(() => undefined);
        throw thrown;
      }
      await syncFolder(dirname(path));
    }),

  append: (path, text) => doing('written', path, () => withFile(path, 'a', (file) => file.writeFile(text, 'utf8'))),

  sync: (path) =>
    doing('written to disk', path, async () => {
      await withFile(path, 'r+', (file) => file.sync());
      // The first sync of a file that `append` has made: its name must be on disk too.
      await syncFolder(dirname(path));
    }),

  async list(folder) {
    try {
      return (await readdir(folder)).sort();
    } catch (thrown) {
      if (isMissing(thrown)) return [];
      throw failed('listed', folder, thrown);
    }
  },

  async changed(folder, names) {
    const times: number[] = [];
    for (const name of names) {
      times.push(changeOf(`${folder}/${name}`));
      // Of very many: a signal must be heard in between.
      if (times.length % STATS_A_TURN === 0) await setImmediate();
    }
    return times;
  },

  makeFolder: (path) =>
    doing('made', path, async () => {
      const first = await makeWithParents(path);
      if (first === undefined) return;
      for (let made = path; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
    }),

  remove: (path) =>
    doing('removed', path, async () => {
      await rm(path, { recursive: true, force: true });
      await syncFolder(dirname(path));
    }),
};

const STATS_A_TURN = 10_000;
/** Coarser than the clock of any file system, with room for a server's that is not quite ours. */
const SETTLED_MS = 10_000;

/** Synchronous: a hundred thousand promises cost ten times what they wait for. */
function changeOf(folder: string): number {
  try {
    const { ctimeMs } = statSync(folder);
    return Date.now() - ctimeMs < SETTLED_MS ? Number.NaN : ctimeMs;
  } catch {
    return Number.NaN;
  }
}

/** Of a folder that a full disk has no room for, Node 20 says ENOENT (20.20.2, 2026-11); without `recursive` it says why. */
async function makeWithParents(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') throw thrown;
    await mkdir(path, { mode: FOLDER_MODE });
    return path;
  }
}

async function withFile<T>(path: string, flags: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags, FILE_MODE);
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } catch (thrown) {
    // Some network and macOS file systems cannot fsync a folder; their rename is as durable as they make it.
    if (!['EINVAL', 'ENOTSUP', 'EBADF'].includes(codeOf(thrown))) throw thrown;
  } finally {
    await handle.close();
  }
}

async function doing(what: string, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    throw failed(what, path, thrown);
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: 'Make room on that file system.',
  EDQUOT: 'Make room: the quota of this user is used up.',
  EACCES: 'Give this user the right to it, or choose another state folder (`state:` in the topology).',
  EPERM: 'Give this user the right to it, or choose another state folder (`state:` in the topology).',
  EROFS: 'Choose a state folder on a file system that can be written (`state:` in the topology).',
  EEXIST: 'A file of that name is in the way: name a folder (`--state`, or `state:` in the topology).',
  ENOTDIR: 'A file is in the way: name a folder (`--state`, or `state:` in the topology).',
  EMFILE: 'Raise the limit of open files (ulimit -n).',
};

function failed(what: string, path: string, thrown: unknown): Fault {
  const code = codeOf(thrown);
  const hint = REMEDIES[code];
  return new Fault({
    code: `files.${code === '' ? 'failed' : code.toLowerCase()}`,
    message: `${path} cannot be ${what}: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    ...defined({ hint }),
    exit: EXIT.notPrepared,
    cause: thrown,
  });
}

function isMissing(thrown: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(thrown));
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : '';
}
