import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson, jsonText, parseJson } from '../../src/base/json.ts';
import { heldLocks, lockFileName } from '../../src/base/lock-file.ts';
import { readRun } from '../../src/catalog/journal.ts';
import { sealed, unsealed } from '../../src/catalog/manifest.ts';
import { readRemoval } from '../../src/catalog/removal.ts';
import { openState, runFolder, setFolder } from '../../src/catalog/state-folder.ts';
import { listRuns, listSets } from '../../src/catalog/store.ts';
import { memoryFileSystem } from '../fixtures/memory-file-system.ts';
import { idOf, intentFor, mailSnapshots, mailWindow, manifestOf, resultOf } from '../fixtures/sets.ts';
import { mutated } from './kit/mutated.ts';
import { runs } from './kit/survives.ts';

const id = idOf();
const manifest = manifestOf();
const JOURNAL = [
  { type: 'arming', array: 'fast' },
  { type: 'opening', at: '2026-11-22T02:00:00.000Z' },
  ...mailSnapshots(manifest.label).map((snapshot) => ({ type: 'taken', snapshot })),
  { type: 'remains', array: 'fast', why: 'busy' },
];
const FILES: Readonly<Record<string, string>> = {
  'intent.json': jsonText(intentFor()),
  'journal.jsonl': JOURNAL.map((entry) => `${jsonText(entry).replaceAll(/\n\s*/g, '')}\n`).join(''),
  'window.json': jsonText(mailWindow()),
  'result.json': jsonText(resultOf()),
};

describe('whatever lies in the state folder', () => {
  test('a manifest is whole as it was written, or named as broken', () => {
    fc.assert(
      fc.property(mutated([sealed(manifest)]), (bytes) => {
        const reading = unsealed(bytes.toString());
        if (reading.kind === 'whole') expect(reading.manifest).toEqual(manifest);
        else expect(reading.why.length).toBeLessThan(2000);
      }),
      runs(100),
    );
  });

  test('a manifest sealed anew by somebody else is understood or named, never half believed', () => {
    fc.assert(
      fc.property(mutated([jsonText(manifest)]), (bytes) => {
        const content = parseJson(bytes.toString());
        if (typeof content !== 'object' || content === null || Array.isArray(content)) return;
        const { sha256: _, ...rest }: Record<string, unknown> = { ...content };
        const sha256 = createHash('sha256').update(canonicalJson(rest)).digest('hex');
        const reading = unsealed(jsonText({ ...rest, sha256 }));
        if (reading.kind === 'broken') expect(reading.why).not.toContain('checksum');
        else expect(jsonText(reading.manifest)).toContain(reading.manifest.label);
      }),
      runs(100),
    );
  });

  test('of a run is read, with what is not believed among its faults; sets and runs are listed all the same', async () => {
    const file = fc.constantFrom(...Object.keys(FILES), 'manifest.json', 'removal.json');
    const source = [...Object.values(FILES), sealed(manifest)];
    await fc.assert(
      fc.asyncProperty(file, mutated(source), async (name, bytes) => {
        const state = await openState('/state', memoryFileSystem());
        const put = async (folder: string, file: string, text: string): Promise<void> => {
          await state.files.makeFolder(folder);
          await state.files.writeWhole(join(folder, file), text);
        };
        const inSet = name === 'manifest.json' || name === 'removal.json';
        for (const [each, text] of Object.entries(FILES)) await put(runFolder(state, id), each, text);
        await put(setFolder(state, id), 'manifest.json', sealed(manifest));
        await put(inSet ? setFolder(state, id) : runFolder(state, id), name, bytes.toString());
        const record = await readRun(state, id);
        expect(record.faults.every((fault) => fault.length < 2000)).toBe(true);
        expect(await listSets(state)).toHaveLength(1);
        expect(await listRuns(state)).toHaveLength(1);
        const removal = await readRemoval(state, id);
        expect(removal === undefined).toBe(name !== 'removal.json');
      }),
      runs(80),
    );
  });

  test('JSON nested without end is no manifest, and no stack', () => {
    const deep = `{"v":1,"sha256":"x","a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(unsealed(deep)).toEqual({ kind: 'broken', why: 'it is not whole JSON' });
  });

  test('a lock is somebody’s or cannot be read, and a folder in its place is no bug', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-locks-'));
    const claim = jsonText({
      ...{ machine: 'm', boot: 'b', namespace: 'n', pid: 1, startedAt: '1', key: 'k', shown: 's', run: 'r' },
      ...{ user: 'u', host: 'h', since: '2026-11-22T02:00:00.000Z', nonce: '0'.repeat(24) },
    });
    await fc.assert(
      fc.asyncProperty(mutated([claim]), async (bytes) => {
        writeFileSync(join(folder, lockFileName('k')), bytes);
        expect((await heldLocks(folder)).map(({ kind }) => kind)).toHaveLength(1);
      }),
      runs(100),
    );
    mkdirSync(join(folder, lockFileName('folder')));
    expect((await heldLocks(folder)).map(({ kind }) => kind)).toContain('unreadable');
    rmSync(folder, { recursive: true });
  });
});
