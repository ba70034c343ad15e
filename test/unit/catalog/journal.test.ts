import { describe, expect, test } from 'vitest';
import { beginJournal, type JournalEntry, readRun, resumeJournal } from '../../../src/catalog/journal.ts';
import { leftovers } from '../../../src/catalog/leftovers.ts';
import { openState, type StateFolder } from '../../../src/catalog/state-folder.ts';
import { listRuns } from '../../../src/catalog/store.ts';
import { type MemoryFileSystem, memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import { idOf, intentFor, labelOf, mailSnapshots, mailWindow, resultOf } from '../../fixtures/sets.ts';

const RUN = idOf();
const FILE = `/s/runs/${RUN}/journal.jsonl`;
const [first, second] = mailSnapshots(labelOf(1));
if (first === undefined || second === undefined) throw new Error('the fixture has snapshots');

const ENTRIES: readonly JournalEntry[] = [
  { type: 'arming', array: 'fast' },
  { type: 'arming', array: 'bulk' },
  { type: 'opening' },
  { type: 'taken', snapshot: first },
  { type: 'remains', array: 'bulk', why: 'Größe 東京: no answer' },
  { type: 'removed', array: 'fast', id: first.id },
  { type: 'clean', array: 'fast' },
  { type: 'clean', array: 'bulk' },
];

async function stateWith(text: string): Promise<StateFolder> {
  const files = memoryFileSystem();
  const state = await openState('/s', files);
  await beginJournal(state, intentFor());
  await files.writeWhole(FILE, text);
  return state;
}

async function whole(): Promise<{ readonly files: MemoryFileSystem; readonly text: string }> {
  const files = memoryFileSystem();
  const state = await openState('/s', files);
  const journal = await beginJournal(state, intentFor());
  for (const entry of ENTRIES) await journal.note(entry);
  return { files, text: files.contents().get(FILE) ?? '' };
}

test('a run is read back as it was written', async () => {
  const { files } = await whole();
  const state = { root: '/s', files };
  const journal = resumeJournal(state, RUN);
  await journal.window(mailWindow());
  await journal.finish(resultOf());
  expect(await readRun(state, RUN)).toEqual({
    run: RUN,
    intent: intentFor(),
    entries: ENTRIES,
    window: mailWindow(),
    result: resultOf(),
    faults: [],
  });
});

test('every entry is on disk when it was noted', async () => {
  const { files } = await whole();
  const after = { root: '/s', files: files.afterPowerLoss() };
  expect((await readRun(after, RUN)).entries).toEqual(ENTRIES);
});

test('a journal cut at any byte is read up to its last whole line, and never throws', async () => {
  const { text } = await whole();
  const bytes = Buffer.from(text);
  for (let length = 0; length <= bytes.length; length += 1) {
    const cut = bytes.subarray(0, length).toString('utf8');
    const record = await readRun(await stateWith(cut), RUN);
    const ended = cut.split('\n').length - 1;
    expect(record.entries).toEqual(ENTRIES.slice(0, ended));
    expect(record.faults.length).toBe(cut === '' || cut.endsWith('\n') ? 0 : 1);
  }
});

test('a cut journal never says that an array is clean where the whole one does not', async () => {
  const { text } = await whole();
  const bytes = Buffer.from(text);
  const cleanFrom = bytes.indexOf('{"type":"clean"');
  const armedFrom = bytes.indexOf('\n') + 1;
  for (let length = armedFrom; length <= bytes.length; length += 1) {
    const state = await stateWith(bytes.subarray(0, length).toString('utf8'));
    const open = leftovers([], await listRuns(state)).map((leftover) => leftover.array);
    if (length <= cleanFrom) expect(open).toContain('fast');
    else if (length < bytes.length) expect(open).toContain('bulk');
    else expect(open).toEqual([]);
  }
});

test('one line overwritten with rubbish loses that line only, is named, and opens every array that is not clean', async () => {
  const { text } = await whole();
  const lines = text.split('\n');
  lines[0] = '\u0000'.repeat(lines[0]?.length ?? 0);
  const record = await readRun(await stateWith(`${lines.slice(0, 4).join('\n')}\n`), RUN);
  expect(record.entries).toEqual(ENTRIES.slice(1, 4));
  expect(record.faults).toEqual(['journal.jsonl: 1 of its lines cannot be read']);
  // The line that is lost is the one that said that fast was about to be armed; nothing else speaks of it yet.
  const early = await stateWith(`${lines.slice(0, 3).join('\n')}\n`);
  expect(leftovers([], await listRuns(early)).map(({ array }) => array)).toEqual(['fast', 'bulk']);
});

test('a line that is whole JSON but says nothing we know is not believed', async () => {
  const record = await readRun(await stateWith('{"type":"clean"}\n{"type":"all-fine"}\n"clean"\n'), RUN);
  expect(record.entries).toEqual([]);
  expect(record.faults).toHaveLength(1);
});

test('going on with a torn journal does not lose the first new line', async () => {
  const { text } = await whole();
  const state = await stateWith(text.slice(0, -10));
  const journal = resumeJournal(state, RUN);
  await journal.note({ type: 'clean', array: 'bulk' });
  expect((await readRun(state, RUN)).entries).toEqual(ENTRIES);
});

describe('a crash at any point of a run', () => {
  const arrays = ['fast', 'bulk'];

  test.each([
    ['nothing of what was not synced', () => 0],
    ['half of it', (_path: string, unsynced: number) => Math.floor(unsynced / 2)],
    ['all of it', (_path: string, unsynced: number) => unsynced],
  ])('leaves every array that was armed open, when the disk kept %s', async (_what, keep) => {
    for (let stopAt = 0; ; stopAt += 1) {
      const files = memoryFileSystem({ folders: ['/s', '/s/sets', '/s/runs', '/s/locks'], stopAt });
      // What the run knows to be so on the arrays, since the journal answered before it was done.
      const dirty = new Set<string>();
      const run = async (): Promise<void> => {
        const journal = await beginJournal({ root: '/s', files }, intentFor());
        for (const array of arrays) {
          await journal.note({ type: 'arming', array });
          dirty.add(array);
        }
        await journal.note({ type: 'opening' });
        await journal.window(mailWindow());
        for (const array of arrays) {
          await journal.note({ type: 'taken', snapshot: { ...first, array } });
          await journal.note({ type: 'removed', array, id: first.id });
          dirty.delete(array);
          await journal.note({ type: 'clean', array });
        }
        await journal.finish(resultOf());
      };
      const done = await run().then(
        () => true,
        () => false,
      );
      const after = { root: '/s', files: files.afterPowerLoss(keep) };
      const runs = await listRuns(after);
      const open = leftovers([], runs).map((leftover) => leftover.array);
      for (const array of dirty) expect(open, `stopped at ${stopAt}`).toContain(array);
      if (done) {
        expect(open).toEqual([]);
        break;
      }
      expect(runs.every((entry) => entry.state === 'unfinished')).toBe(true);
    }
  });
});
