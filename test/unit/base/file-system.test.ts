import promises, { mkdtemp, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { realFileSystem } from '../../../src/base/file-system.ts';

/** What reaches the disk when, in the order of the calls: a power loss cannot be tried here, its only remedy can. */
const done: string[] = [];

/** The name of a file that was written aside has a random part. */
function nameOf(path: string): string {
  return basename(path).replace(/^\.(.*)\.[0-9a-f]{12}\.tmp$/, 'aside');
}

const { open, rename } = promises;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-sync-'));
  promises.open = async (...args) => {
    const file = await open(...args);
    const sync = file.sync.bind(file);
    file.sync = async () => {
      await sync();
      done.push(`sync ${nameOf(String(args[0]))}`);
    };
    return file;
  };
  promises.rename = async (from, to) => {
    await rename(from, to);
    done.push(`rename ${nameOf(String(from))} ${nameOf(String(to))}`);
  };
  syncBuiltinESMExports();
});
afterAll(async () => {
  Object.assign(promises, { open, rename });
  syncBuiltinESMExports();
  await rm(folder, { recursive: true });
});

async function order(work: (folder: string) => Promise<void>): Promise<readonly string[]> {
  done.splice(0);
  await work(folder);
  return done.map((call) => call.replaceAll(basename(folder), 'FOLDER'));
}

test('a file that is written whole is on disk before it has its name, and its name before it is answered', async () => {
  expect(await order((at) => realFileSystem.writeWhole(join(at, 'manifest.json'), '{}'))).toEqual([
    'sync aside',
    'rename aside manifest.json',
    'sync FOLDER',
  ]);
});

test('what was appended is on disk with its name once it is synced', async () => {
  const synced = await order(async (at) => {
    await realFileSystem.append(join(at, 'journal.jsonl'), '{}\n');
    await realFileSystem.sync(join(at, 'journal.jsonl'));
  });
  expect(synced).toEqual(['sync journal.jsonl', 'sync FOLDER']);
});

test('a folder is on disk with its name, and so are those above it that were made for it', async () => {
  expect(await order((at) => realFileSystem.makeFolder(join(at, 'sets', 'mail')))).toEqual([
    'sync sets',
    'sync FOLDER',
  ]);
});

test('what was removed is gone from the disk when it is answered', async () => {
  expect(await order((at) => realFileSystem.remove(join(at, 'manifest.json')))).toEqual(['sync FOLDER']);
});
