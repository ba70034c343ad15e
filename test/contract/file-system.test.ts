import { mkdtemp, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { FileSystem } from '../../src/base/file-system.ts';
import { realFileSystem } from '../../src/base/file-system.ts';
import { memoryFileSystem } from '../fixtures/memory-file-system.ts';

interface World {
  readonly files: FileSystem;
  /** A folder that is there, empty. */
  readonly root: string;
  /** Until what changed before can be told from what changes afterwards. */
  readonly wait: () => Promise<void>;
}

const temporary: string[] = [];

afterEach(async () => {
  vi.useRealTimers();
  for (const folder of temporary.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function realWorld(): Promise<World> {
  const root = await mkdtemp(join(tmpdir(), 'stillpoint-files-'));
  temporary.push(root);
  // The file system's own clock moves by itself; ours only says that it is long enough ago.
  const wait = async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 30));
    vi.setSystemTime(Date.now() + 60_000);
  };
  return { files: realFileSystem, root, wait };
}

async function memoryWorld(): Promise<World> {
  const files = memoryFileSystem({ folders: ['/state'], coarse: true });
  return { files, root: '/state', wait: async () => files.tick() };
}

describe.each([
  ['this machine', realWorld],
  ['memory', memoryWorld],
])('a file system: %s', (_name, makeWorld) => {
  test('a file that is not there reads as undefined, and a folder that is not there lists as empty', async () => {
    const { files, root } = await makeWorld();
    expect(await files.read(`${root}/none`)).toBeUndefined();
    expect(await files.read(`${root}/none/deeper`)).toBeUndefined();
    expect(await files.list(`${root}/none`)).toEqual([]);
  });

  test('what was written whole is read back, and replaces what was there', async () => {
    const { files, root } = await makeWorld();
    await files.writeWhole(`${root}/a`, 'first, and longer than the next\n');
    await files.writeWhole(`${root}/a`, 'Straße 東京\n');
    expect(await files.read(`${root}/a`)).toBe('Straße 東京\n');
  });

  test('writing whole leaves nothing else beside the file', async () => {
    const { files, root } = await makeWorld();
    await files.writeWhole(`${root}/a`, 'text');
    expect(await files.list(root)).toEqual(['a']);
  });

  test('appending makes the file, and adds to its end', async () => {
    const { files, root } = await makeWorld();
    await files.append(`${root}/log`, 'one\n');
    await files.append(`${root}/log`, 'two\n');
    await files.sync(`${root}/log`);
    expect(await files.read(`${root}/log`)).toBe('one\ntwo\n');
  });

  test('folders are made with those above them, and making one again is no error', async () => {
    const { files, root } = await makeWorld();
    await files.makeFolder(`${root}/a/b/c`);
    await files.makeFolder(`${root}/a/b/c`);
    await files.writeWhole(`${root}/a/b/c/file`, '');
    expect(await files.list(`${root}/a/b`)).toEqual(['c']);
    expect(await files.list(`${root}/a/b/c`)).toEqual(['file']);
  });

  test('names are listed in order, folders and files alike', async () => {
    const { files, root } = await makeWorld();
    await files.writeWhole(`${root}/b`, '');
    await files.makeFolder(`${root}/c`);
    await files.writeWhole(`${root}/a`, '');
    expect(await files.list(root)).toEqual(['a', 'b', 'c']);
  });

  test('removing takes a file or a whole folder, and what is not there is no error', async () => {
    const { files, root } = await makeWorld();
    await files.makeFolder(`${root}/a/b`);
    await files.writeWhole(`${root}/a/b/file`, 'x');
    await files.writeWhole(`${root}/ab`, 'stays');
    await files.remove(`${root}/a`);
    await files.remove(`${root}/a`);
    expect(await files.list(root)).toEqual(['ab']);
    expect(await files.read(`${root}/a/b/file`)).toBeUndefined();
  });

  test('a folder is known to have changed when a name in it came, went, or means another file', async () => {
    const { files, root, wait } = await makeWorld();
    await files.makeFolder(`${root}/a`);
    await files.makeFolder(`${root}/b`);
    const seen = async (): Promise<number | undefined> => {
      await wait();
      const [a, , none] = await files.changed(root, ['a', 'b', 'none']);
      expect(none).toBeNaN();
      return a;
    };
    const times = [await seen()];
    await files.writeWhole(`${root}/a/file`, 'x');
    times.push(await seen());
    await files.writeWhole(`${root}/a/file`, 'y');
    times.push(await seen());
    await files.remove(`${root}/a/file`);
    times.push(await seen());
    expect(times.every((time) => Number.isFinite(time))).toBe(true);
    expect(new Set(times).size).toBe(4);
    await files.writeWhole(`${root}/b/file`, 'x');
    expect(await seen()).toBe(times.at(-1));
  });

  test('a folder that changed this very moment cannot be told from what it may become', async () => {
    const { files, root } = await makeWorld();
    await files.makeFolder(`${root}/a`);
    expect(await files.changed(root, ['a'])).toEqual([Number.NaN]);
  });

  test('writing where no folder is, and syncing what is not there, are Faults that name the path', async () => {
    const { files, root } = await makeWorld();
    for (const work of [
      () => files.writeWhole(`${root}/none/a`, ''),
      () => files.append(`${root}/none/a`, ''),
      () => files.sync(`${root}/none/a`),
    ]) {
      await expect(work()).rejects.toMatchObject({
        name: 'Fault',
        code: 'files.enoent',
        message: expect.stringContaining(`${root}/none`),
      });
    }
  });
});

describe('this machine’s files', () => {
  test('files are 0600 and folders 0700, whatever the umask', async () => {
    const { files, root } = await realWorld();
    const before = process.umask(0);
    try {
      await files.makeFolder(`${root}/a/b`);
      await files.writeWhole(`${root}/a/whole`, '');
      await files.append(`${root}/a/log`, '');
    } finally {
      process.umask(before);
    }
    const modes = await Promise.all(['a', 'a/b', 'a/whole', 'a/log'].map((name) => stat(`${root}/${name}`)));
    expect(modes.map((entry) => entry.mode & 0o777)).toEqual([0o700, 0o700, 0o600, 0o600]);
  });

  test('a write that fails leaves the old file whole and nothing beside it', async () => {
    const { files, root } = await realWorld();
    await files.makeFolder(`${root}/a/target`);
    await expect(files.writeWhole(`${root}/a/target`, 'a file cannot replace a folder')).rejects.toMatchObject({
      name: 'Fault',
    });
    expect(await files.list(`${root}/a`)).toEqual(['target']);
  });

  test('a link in place of the file is replaced, not followed', async () => {
    const { files, root } = await realWorld();
    await files.writeWhole(`${root}/victim`, 'mine');
    await symlink(`${root}/victim`, `${root}/a`);
    await files.writeWhole(`${root}/a`, 'text');
    expect(await files.read(`${root}/victim`)).toBe('mine');
  });

  test.runIf(process.platform === 'linux')('a full disk is a Fault that says what to do', async () => {
    await expect(realFileSystem.append('/dev/full', 'x')).rejects.toMatchObject({
      code: 'files.enospc',
      hint: expect.stringContaining('Make room'),
    });
  });
});

describe('memory that loses power', () => {
  test('keeps what was written whole or synced, and loses what was only appended', async () => {
    const files = memoryFileSystem({ folders: ['/s'] });
    await files.writeWhole('/s/whole', 'whole');
    await files.append('/s/log', 'one\n');
    await files.sync('/s/log');
    await files.append('/s/log', 'two\n');
    await files.append('/s/new', 'never synced');
    const after = files.afterPowerLoss();
    expect(Object.fromEntries(after.contents())).toEqual({ '/s/whole': 'whole', '/s/log': 'one\n' });
  });

  test('may keep any part of what was not synced', async () => {
    const files = memoryFileSystem({ folders: ['/s'] });
    await files.append('/s/log', 'one\n');
    const after = files.afterPowerLoss(() => 2);
    expect(await after.read('/s/log')).toBe('on');
  });

  test('refuses every change from the one at which the machine stops', async () => {
    const files = memoryFileSystem({ folders: ['/s'], stopAt: 1 });
    await files.writeWhole('/s/a', 'x');
    await expect(files.writeWhole('/s/b', 'x')).rejects.toMatchObject({ code: 'files.stopped' });
    expect(await files.read('/s/a')).toBe('x');
  });
});
