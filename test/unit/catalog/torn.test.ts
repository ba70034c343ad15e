import { describe, expect, test } from 'vitest';
import { beginJournal, readRun } from '../../../src/catalog/journal.ts';
import { leftovers } from '../../../src/catalog/leftovers.ts';
import { writeManifest } from '../../../src/catalog/manifest.ts';
import { beginRemoval } from '../../../src/catalog/removal.ts';
import { readRunPlan, writeRunPlan } from '../../../src/catalog/run-plan.ts';
import { openState, type StateFolder } from '../../../src/catalog/state-folder.ts';
import { listRuns, listSets } from '../../../src/catalog/store.ts';
import { openCases } from '../../../src/flows/mend/cases.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import { idOf, intentFor, mailPlan, mailWindow, manifestOf, resultOf } from '../../fixtures/sets.ts';

const RUN = idOf();
const RUN_FOLDER = `/s/runs/${RUN}`;
const SET_FOLDER = `/s/sets/mail/${RUN}`;
const NOW = new Date('2026-11-22T03:00:00.000Z');

/** A failed run that was in its window, with all of its papers. */
async function failedRun(): Promise<StateFolder> {
  const state = await openState('/s', memoryFileSystem());
  await writeRunPlan(state, RUN, mailPlan());
  const journal = await beginJournal(state, intentFor());
  await journal.note({ type: 'arming', array: 'fast' });
  await journal.note({ type: 'opening', at: '2026-11-22T02:00:04.000Z' });
  await journal.window(mailWindow());
  await journal.finish(resultOf());
  return state;
}

/** Cuts a file at every byte. What differs from the whole only in its last line break is the whole. */
async function cutEverywhere(
  state: StateFolder,
  file: string,
  look: (is: { readonly whole: boolean; readonly at: string }) => Promise<void>,
): Promise<void> {
  const bytes = Buffer.from((await state.files.read(file)) ?? '');
  expect(bytes.length).toBeGreaterThan(10);
  for (let length = 0; length <= bytes.length; length += 1) {
    await state.files.writeWhole(file, bytes.subarray(0, length).toString('utf8'));
    await look({ whole: length >= bytes.length - 1, at: `${length} of ${bytes.length} bytes` });
  }
}

describe('a paper of a run that is cut at any byte is not believed, and is named', () => {
  test.each(['intent', 'window', 'result'] as const)('%s.json', async (paper) => {
    const state = await failedRun();
    const { [paper]: written } = await readRun(state, RUN);
    expect(written).toBeDefined();
    await cutEverywhere(state, `${RUN_FOLDER}/${paper}.json`, async ({ whole, at }) => {
      const { [paper]: read, faults } = await readRun(state, RUN);
      expect(read, at).toEqual(whole ? written : undefined);
      expect(faults, at).toEqual(whole ? [] : [`${paper}.json cannot be read: it is damaged, or of another version`]);
    });
  });

  test('plan.json', async () => {
    const state = await failedRun();
    await cutEverywhere(state, `${RUN_FOLDER}/plan.json`, async ({ whole, at }) => {
      expect(await readRunPlan(state, RUN), at).toEqual(whole ? mailPlan() : undefined);
    });
  });

  test('without its result it is a run that ended without a word, and everything that it armed is open', async () => {
    const state = await failedRun();
    await cutEverywhere(state, `${RUN_FOLDER}/result.json`, async ({ whole, at }) => {
      const runs = await listRuns(state);
      expect(runs[0]?.state, at).toBe(whole ? 'failed' : 'unfinished');
      expect(leftovers([], runs).map(({ array }) => array)).toContain('fast');
    });
  });

  test('without the record of its window every guest that could be held is asked', async () => {
    const state = await failedRun();
    await state.files.remove(`${RUN_FOLDER}/result.json`);
    const all = intentFor().guests.map(({ vm }) => vm);
    await cutEverywhere(state, `${RUN_FOLDER}/window.json`, async ({ whole, at }) => {
      const { runs } = openCases([], await listRuns(state), new Set(), undefined);
      expect(runs[0]?.guests, at).toEqual(whole ? [] : all);
    });
  });

  test('without its intent nothing is done about it, and mend says so', async () => {
    const state = await failedRun();
    await cutEverywhere(state, `${RUN_FOLDER}/intent.json`, async ({ whole, at }) => {
      const { runs, beyond } = openCases([], await listRuns(state), new Set(), undefined);
      expect(runs.length, at).toBe(whole ? 1 : 0);
      expect(beyond.length, at).toBe(whole ? 0 : 1);
      if (!whole) expect(beyond[0], at).toContain(`run ${RUN}: what it was about to do cannot be read`);
    });
  });
});

describe('a mark on a set that is cut at any byte is still a mark', () => {
  test('removal.json, of a set that is going: it is going, and none of it is taken for gone', async () => {
    const state = await openState('/s', memoryFileSystem());
    const manifest = manifestOf();
    await writeManifest(state, manifest);
    const removing = await beginRemoval(state, manifest, { because: 'asked', now: NOW });
    for (const snapshot of manifest.snapshots.slice(0, 2)) await removing.gone(snapshot);
    await cutEverywhere(state, `${SET_FOLDER}/removal.json`, async ({ whole, at }) => {
      const sets = await listSets(state);
      expect(sets[0]?.state, at).toBe('removing');
      const left = leftovers(sets, []).flatMap(({ snapshots }) => snapshots);
      expect(left, at).toEqual(manifest.snapshots.slice(whole ? 2 : 0));
    });
  });

  test('removal.json, of a set that is gone: it is never good again, and is removed once more', async () => {
    const state = await openState('/s', memoryFileSystem());
    const manifest = manifestOf();
    await writeManifest(state, manifest);
    const removing = await beginRemoval(state, manifest, { because: 'asked', now: NOW });
    for (const snapshot of manifest.snapshots) await removing.gone(snapshot);
    await removing.finish(NOW);
    await cutEverywhere(state, `${SET_FOLDER}/removal.json`, async ({ whole, at }) => {
      const sets = await listSets(state);
      expect(sets[0]?.state, at).toBe(whole ? 'removed' : 'removing');
      expect(
        sets.filter((set) => set.state === 'good'),
        at,
      ).toEqual([]);
      expect(openCases(sets, [], new Set(), undefined).removals.length, at).toBe(whole ? 0 : 1);
    });
  });

  test('pin.json: the set stays pinned', async () => {
    const state = await openState('/s', memoryFileSystem());
    await writeManifest(state, manifestOf());
    await state.files.writeWhole(`${SET_FOLDER}/pin.json`, '{"because":"audit, Größe 東京"}\n');
    await cutEverywhere(state, `${SET_FOLDER}/pin.json`, async ({ whole, at }) => {
      const [set] = await listSets(state);
      const pinned = set?.state === 'good' ? set.pinned : undefined;
      expect(pinned, at).toBe(whole ? 'audit, Größe 東京' : 'its reason cannot be read');
    });
  });
});
