import { describe, expect, test } from 'vitest';
import { Fault } from '../../../src/base/fault.ts';
import type { FileSystem } from '../../../src/base/file-system.ts';
import { latestGood } from '../../../src/catalog/find-set.ts';
import { manifestFile, writeManifest } from '../../../src/catalog/manifest.ts';
import { pinFile } from '../../../src/catalog/set-entry.ts';
import { setLines } from '../../../src/catalog/set-lines.ts';
import { standings } from '../../../src/catalog/standing.ts';
import { openState, type StateFolder } from '../../../src/catalog/state-folder.ts';
import { estate, readInFull } from '../../fixtures/estate.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import { manifestOf } from '../../fixtures/sets.ts';

const INDEX = '/s/sets.index';
const SOME = manifestOf();

async function withEstate(count: number, files = memoryFileSystem()): Promise<StateFolder> {
  const state = await openState('/s', files);
  for (const manifest of estate(count)) await writeManifest(state, manifest);
  return state;
}

/** Counts what is read, by the last part of the path. */
function counting(files: FileSystem): { readonly files: FileSystem; readonly reads: () => readonly string[] } {
  const reads: string[] = [];
  return {
    reads: () => reads.splice(0),
    files: {
      ...files,
      read: (path) => {
        reads.push(path.slice(path.lastIndexOf('/') + 1));
        return files.read(path);
      },
    },
  };
}

describe('what a look costs', () => {
  test('a list of sets that did not change reads the index, and no manifest', async () => {
    const memory = memoryFileSystem();
    await withEstate(40, memory);
    const { files, reads } = counting(memory);
    const state = { root: '/s', files };
    const first = await setLines(state);
    expect(reads().filter((name) => name === 'manifest.json')).toHaveLength(40);
    expect(await setLines(state)).toEqual(first);
    expect(reads()).toEqual(['sets.index']);
  });

  test('a set that came, and one that somebody pinned, are read, and no other', async () => {
    const memory = memoryFileSystem();
    const made = await withEstate(40, memory);
    await setLines(made);
    const manifest = manifestOf({ group: 'mail', at: '2026-11-20T00:00:00.000Z', seed: 400 });
    await writeManifest(made, manifest);
    const [, pinned] = estate(40);
    await memory.writeWhole(pinFile(made, pinned?.id ?? manifest.id), '{"because":"audit"}');
    const { files, reads } = counting(memory);
    const lines = await setLines({ root: '/s', files });
    expect(reads().filter((name) => name === 'manifest.json')).toHaveLength(2);
    expect(lines.filter((line) => line.state === 'good' && line.pinned === 'audit')).toHaveLength(1);
    expect(lines[0]?.id).toBe(manifest.id);
  });

  test('how groups stand takes the index and the last good set of each', async () => {
    const memory = memoryFileSystem();
    const made = await withEstate(40, memory);
    await setLines(made);
    const { files, reads } = counting(memory);
    const found = await standings({ root: '/s', files });
    expect(reads().filter((name) => name === 'manifest.json')).toHaveLength(2);
    expect(found.map(({ group, good, weak }) => [group, good, weak])).toEqual([
      ['mail-test', 16, 4],
      ['mail', 16, 4],
    ]);
  });

  test('the last good set of a group is none where its own papers say so, whatever the index says', async () => {
    const memory = memoryFileSystem();
    const made = await withEstate(40, memory);
    await setLines(made);
    const last = estate(40).findLast(({ group, state }) => group === 'mail' && state === 'good');
    await memory.writeWhole(manifestFile(made, last?.id ?? SOME.id), '{"v":1');
    const mail = (await standings(made)).find(({ group }) => group === 'mail');
    const next = estate(40).findLast((one) => one.group === 'mail' && one.state === 'good' && one.id !== last?.id);
    expect(mail).toMatchObject({ good: 15, lastGood: { id: next?.id }, open: [{ id: last?.id, state: 'unreadable' }] });
  });

  test('the latest good set is found without any other, and without the index', async () => {
    const memory = memoryFileSystem();
    await withEstate(38, memory);
    const { files, reads } = counting(memory);
    const good = await latestGood({ root: '/s', files });
    expect(good?.id).toBe(estate(38)[37]?.id);
    expect(reads()).toEqual(['manifest.json', 'removal.json', 'pin.json']);
  });

  test('a few sets make no index, and a folder that cannot be written is read all the same', async () => {
    const few = await withEstate(5);
    expect(await setLines(few)).toHaveLength(5);
    expect(await few.files.read(INDEX)).toBeUndefined();
    const made = await withEstate(20);
    const files: FileSystem = {
      ...made.files,
      writeWhole: (path) => Promise.reject(new Fault({ code: 'files.erofs', message: `${path}: read-only` })),
    };
    expect(await setLines({ root: '/s', files })).toEqual(await readInFull(made));
  });
});
