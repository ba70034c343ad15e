import { describe, expect, test } from 'vitest';
import { findSet, latestGood, setWithKey } from '../../../src/catalog/find-set.ts';
import { beginJournal, resumeJournal } from '../../../src/catalog/journal.ts';
import { knownLabels, leftovers } from '../../../src/catalog/leftovers.ts';
import { manifestFile, writeManifest } from '../../../src/catalog/manifest.ts';
import { pruneRuns } from '../../../src/catalog/prune-runs.ts';
import { beginRemoval } from '../../../src/catalog/removal.ts';
import { standings } from '../../../src/catalog/standing.ts';
import { openState, type StateFolder } from '../../../src/catalog/state-folder.ts';
import { groupStatus } from '../../../src/catalog/status.ts';
import { listRuns, listSets, pick } from '../../../src/catalog/store.ts';
import type { SetId } from '../../../src/model.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import {
  idOf,
  intentFor,
  labelOf,
  mailSnapshots,
  mailWindow,
  manifestOf,
  resultOf,
  type Sketch,
} from '../../fixtures/sets.ts';

const day = (number: number): string => `2026-11-${String(number).padStart(2, '0')}T02:00:00.000Z`;

async function state(): Promise<StateFolder> {
  return openState('/s', memoryFileSystem());
}

async function withSets(...sketches: readonly Sketch[]): Promise<StateFolder> {
  const made = await state();
  for (const sketch of sketches) await writeManifest(made, manifestOf(sketch));
  return made;
}

async function run(made: StateFolder, sketch: Sketch, kind: 'died' | 'dirty' | 'clean' | 'good'): Promise<SetId> {
  const journal = await beginJournal(made, intentFor(sketch));
  if (kind !== 'clean') await journal.note({ type: 'arming', array: 'fast' });
  if (kind === 'good') await writeManifest(made, manifestOf(sketch));
  if (kind !== 'died') {
    await journal.finish(resultOf(sketch, kind === 'good' ? { state: 'good', exit: 0, because: [] } : {}));
  }
  return idOf(sketch);
}

describe('the sets of a state folder', () => {
  test('are listed newest first, over all groups', async () => {
    const made = await withSets({ at: day(1) }, { group: 'hr', at: day(3) }, { at: day(2), state: 'weak' });
    expect((await listSets(made)).map((set) => [set.group, set.state])).toEqual([
      ['hr', 'good'],
      ['mail', 'weak'],
      ['mail', 'good'],
    ]);
  });

  test('whose manifest is damaged are listed by name, with the file and the reason', async () => {
    const made = await withSets({ at: day(1) }, { at: day(2) });
    const file = manifestFile(made, idOf({ at: day(2) }));
    await made.files.writeWhole(file, '{"v":1');
    const [damaged, whole] = await listSets(made);
    expect(damaged).toMatchObject({
      id: idOf({ at: day(2) }),
      state: 'unreadable',
      why: expect.stringContaining(file),
    });
    expect(whole?.state).toBe('good');
    expect((await latestGood(made))?.id).toBe(idOf({ at: day(1) }));
  });

  test('are not made up from foreign folders and files', async () => {
    const made = await withSets({ at: day(1) });
    await made.files.makeFolder('/s/sets/mail/lost+found');
    await made.files.makeFolder(`/s/sets/hr/${idOf({ at: day(2) })}`);
    await made.files.writeWhole('/s/sets/notes.txt', '');
    expect(await listSets(made)).toHaveLength(1);
  });

  test('the last good one is of the group, and neither weak nor going', async () => {
    const made = await withSets(
      { at: day(1) },
      { at: day(2) },
      { at: day(3), state: 'weak' },
      { group: 'hr', at: day(4) },
    );
    await beginRemoval(made, manifestOf({ at: day(2) }), { because: 'test', now: new Date(day(5)) });
    expect((await latestGood(made, 'mail'))?.id).toBe(idOf({ at: day(1) }));
    expect((await latestGood(made))?.group).toBe('hr');
    expect(await latestGood(made, 'none')).toBeUndefined();
    expect((await standings(made)).map(({ group, good }) => [group, good])).toEqual([
      ['hr', 1],
      ['mail', 1],
    ]);
  });

  test('are found by the key they were taken with, if they are good', async () => {
    const made = await withSets({ at: day(1), key: 'job-1' }, { at: day(2), key: 'job-2', state: 'weak' });
    expect((await setWithKey(made, 'mail', 'job-1'))?.id).toBe(idOf({ at: day(1) }));
    expect(await setWithKey(made, 'mail', 'job-2')).toBeUndefined();
    expect(await setWithKey(made, 'hr', 'job-1')).toBeUndefined();
    expect((await setWithKey(made, 'mail', 'job-1', 'filesystem'))?.id).toBe(idOf({ at: day(1) }));
    expect(await setWithKey(made, 'mail', 'job-1', 'application')).toBeUndefined();
    // Taken with a lower level by hand: who asks for none wants what the guests' methods give.
    const manifest = manifestOf({ at: day(1), key: 'job-1' });
    await writeManifest(made, { ...manifest, verdict: { ...manifest.verdict, level: 'crash' } });
    expect(await setWithKey(made, 'mail', 'job-1')).toBeUndefined();
    expect((await setWithKey(made, 'mail', 'job-1', 'crash'))?.id).toBe(idOf({ at: day(1) }));
  });

  test('a pinned one says why, also where the reason cannot be read', async () => {
    const made = await withSets({ at: day(1) }, { at: day(2) });
    await made.files.writeWhole(`/s/sets/mail/${idOf({ at: day(1) })}/pin.json`, '{"because":"audit"}');
    await made.files.writeWhole(`/s/sets/mail/${idOf({ at: day(2) })}/pin.json`, '{"bec');
    expect((await listSets(made)).map((set) => (set.state === 'good' ? set.pinned : ''))).toEqual([
      'its reason cannot be read',
      'audit',
    ]);
  });
});

describe('SET on the command line', () => {
  const made = withSets(
    { at: day(1) },
    { at: day(2) },
    { group: 'mail-test', at: day(2) },
    { group: 'hr', at: day(3) },
  );

  test.each([
    ['an id', idOf({ at: day(1) }), idOf({ at: day(1) })],
    ['a unique beginning', 'mail-20261101', idOf({ at: day(1) })],
    ['latest', 'latest', idOf({ group: 'hr', at: day(3) })],
    ['latest of a group', 'latest:mail', idOf({ at: day(2) })],
    ['latest of a group with a dash', 'latest:mail-test', idOf({ group: 'mail-test', at: day(2) })],
  ])('is %s', async (_what, wanted, id) => {
    expect((await findSet(await made, wanted)).id).toBe(id);
  });

  test('that is ambiguous lists the candidates', async () => {
    await expect(findSet(await made, 'mail-2026')).rejects.toThrow(
      expect.objectContaining({
        code: 'catalog.ambiguous-set',
        exit: 2,
        message: `mail-2026 is the beginning of 2 sets: ${idOf({ at: day(2) })}, ${idOf({ at: day(1) })}`,
      }),
    );
  });

  test('many candidates are counted, not all listed', async () => {
    const nine = await withSets(...Array.from({ length: 9 }, (_, index) => ({ at: day(index + 1) })));
    await expect(findSet(nine, 'mail')).rejects.toThrow('and 4 more');
  });

  test.each([
    ['nothing of that name', 'nobody', 'catalog.no-such-set'],
    ['an empty word', '', 'catalog.no-such-set'],
    ['latest of a group without one', 'latest:none', 'catalog.no-good-set'],
  ])('that means %s is a Fault with exit 2', async (_what, wanted, code) => {
    await expect(findSet(await made, wanted)).rejects.toThrow(expect.objectContaining({ code, exit: 2 }));
  });

  test('a whole id is never ambiguous, and a run is found the same way', async () => {
    const other = await state();
    await run(other, { seed: 1 }, 'died');
    const runs = await listRuns(other);
    expect(pick(runs, idOf({ seed: 1 }), 'run').id).toBe(idOf({ seed: 1 }));
    expect(() => pick(runs, 'x', 'run')).toThrow(expect.objectContaining({ code: 'catalog.no-such-run' }));
  });
});

describe('what a run may have left', () => {
  test('is open until the journal says clean, and names what was seen', async () => {
    const made = await state();
    const journal = await beginJournal(made, intentFor());
    const [snapshot, other] = mailSnapshots(labelOf(1));
    if (snapshot === undefined || other === undefined) throw new Error('the fixture has snapshots');
    const open = async () => leftovers(await listSets(made), await listRuns(made));
    expect(await open()).toEqual([]);
    await journal.note({ type: 'arming', array: 'fast' });
    await journal.note({ type: 'taken', snapshot });
    await journal.note({ type: 'taken', snapshot: other });
    await journal.note({ type: 'removed', array: 'fast', id: snapshot.id });
    await journal.note({ type: 'remains', array: 'fast', why: 'it is busy' });
    expect(await open()).toEqual([
      { run: idOf(), group: 'mail', label: labelOf(1), array: 'fast', snapshots: [other], why: 'it is busy' },
    ]);
    await journal.note({ type: 'clean', array: 'fast' });
    expect(await open()).toEqual([]);
    await journal.note({ type: 'taken', snapshot });
    expect((await open()).map((leftover) => leftover.snapshots)).toEqual([[snapshot]]);
  });

  test('is nothing once its set stands, and nothing of a run that still goes on', async () => {
    const made = await state();
    await run(made, { seed: 1 }, 'good');
    const died = await run(made, { seed: 2 }, 'died');
    const [sets, runs] = [await listSets(made), await listRuns(made)];
    expect(leftovers(sets, runs).map((leftover) => leftover.run)).toEqual([died]);
    expect(leftovers(sets, runs, new Set([died]))).toEqual([]);
  });

  test('is what a half-removed set still has', async () => {
    const made = await withSets({});
    const manifest = manifestOf();
    const removing = await beginRemoval(made, manifest, { because: 'asked', now: new Date(day(1)) });
    for (const snapshot of manifest.snapshots.slice(0, 3)) await removing.gone(snapshot);
    await expect(removing.finish(new Date(day(1)))).rejects.toMatchObject({ code: 'catalog.not-removed' });
    expect(leftovers(await listSets(made), [])).toEqual([
      expect.objectContaining({
        array: 'bulk',
        snapshots: manifest.snapshots.slice(3),
        why: 'its set was being removed',
      }),
    ]);
  });

  test('carries a label that the catalog knows, as every set does', async () => {
    const made = await state();
    await run(made, { seed: 1 }, 'good');
    await run(made, { seed: 2 }, 'died');
    const known = knownLabels(await listSets(made), await listRuns(made));
    expect([known.has(labelOf(1)), known.has(labelOf(2)), known.has(labelOf(3))]).toEqual([true, true, false]);
  });
});

describe('removing a set', () => {
  test('goes on after a crash with what is left, and is finished once', async () => {
    const made = await withSets({});
    const manifest = manifestOf();
    const [first] = manifest.snapshots;
    if (first === undefined) throw new Error('the fixture has snapshots');
    const why = { because: 'asked', now: new Date(day(1)) };
    await (await beginRemoval(made, manifest, why)).gone(first);
    const again = await beginRemoval(made, manifest, { because: 'another', now: new Date(day(2)) });
    expect(again.left).toEqual(manifest.snapshots.slice(1));
    for (const snapshot of again.left) await again.gone(snapshot);
    await again.finish(new Date(day(3)));
    expect(await listSets(made)).toMatchObject([{ state: 'removed', removal: { because: 'asked', since: day(1) } }]);
    await expect(findSet(made, manifest.id)).rejects.toThrow('no set is named');
  });

  test('knows a snapshot by its array and its source: two arrays may give the same id', async () => {
    const made = await state();
    const manifest = manifestOf();
    const alike = { ...manifest, snapshots: manifest.snapshots.map((snapshot) => ({ ...snapshot, id: '7' })) };
    await writeManifest(made, alike);
    const removing = await beginRemoval(made, alike, { because: 'asked', now: new Date(day(1)) });
    const [first, ...others] = alike.snapshots;
    if (first === undefined) throw new Error('the fixture has snapshots');
    await removing.gone(first);
    expect(removing.left).toEqual(others);
  });

  test('with a mark that cannot be read is still going, and nothing of it is known to be gone', async () => {
    const made = await withSets({});
    await made.files.writeWhole(`/s/sets/mail/${idOf()}/removal.json`, '{"v":1,"gone":[{"arr');
    const [set] = await listSets(made);
    expect(set?.state).toBe('removing');
    expect((await beginRemoval(made, manifestOf(), { because: '', now: new Date() })).left).toHaveLength(4);
  });
});

describe('old papers', () => {
  test('of runs go beyond the newest, but never those with something open, nor of one that goes on', async () => {
    const made = await state();
    const dirty = await run(made, { at: day(1) }, 'dirty');
    const running = await run(made, { at: day(2) }, 'died');
    await run(made, { at: day(3) }, 'clean');
    const good = await run(made, { at: day(4) }, 'good');
    const newest = await run(made, { at: day(5) }, 'clean');
    await pruneRuns(made, new Set([running]), 1);
    expect((await listRuns(made)).map((entry) => entry.id)).toEqual([newest, running, dirty]);
    expect((await listSets(made)).map((set) => set.id)).toEqual([good]);
  });

  test('of a run whose guest snapshot may still stand stay: mend finds it by that run only', async () => {
    const made = await state();
    const pointed = await run(made, { at: day(1) }, 'clean');
    await resumeJournal(made, pointed).note({ type: 'beginning', vm: 'mail01', instanceUuid: '5030' });
    const newest = await run(made, { at: day(2) }, 'clean');
    await pruneRuns(made, new Set(), 1);
    expect((await listRuns(made)).map((entry) => entry.id)).toEqual([newest, pointed]);
    await resumeJournal(made, pointed).note({ type: 'concluded', vm: 'mail01' });
    await pruneRuns(made, new Set(), 1);
    expect((await listRuns(made)).map((entry) => entry.id)).toEqual([newest]);
  });

  test('of a set whose manifest cannot be believed stay: nothing else knows its label any more', async () => {
    const made = await state();
    const damaged = await run(made, { at: day(1) }, 'good');
    const newest = await run(made, { at: day(2) }, 'clean');
    await made.files.writeWhole(manifestFile(made, damaged), '{"v":1');
    await pruneRuns(made, new Set(), 1);
    expect((await listRuns(made)).map((entry) => entry.id)).toEqual([newest, damaged]);
  });

  test('of a removed set go with its run', async () => {
    const made = await state();
    await run(made, { at: day(1) }, 'good');
    await run(made, { at: day(2) }, 'clean');
    const removing = await beginRemoval(made, manifestOf({ at: day(1) }), { because: '', now: new Date(day(3)) });
    for (const snapshot of removing.left) await removing.gone(snapshot);
    await removing.finish(new Date(day(3)));
    await pruneRuns(made, new Set(), 2);
    expect(await listSets(made)).toHaveLength(1);
    await pruneRuns(made, new Set(), 1);
    expect(await listSets(made)).toEqual([]);
  });
});

describe('how a group stands', () => {
  const now = new Date(day(10));

  async function ask(
    made: StateFolder,
    more: {
      readonly maxAgeMs?: number;
      readonly running?: SetId;
      readonly outOfSight?: ReadonlySet<SetId>;
      readonly now?: Date;
      readonly vms?: ReadonlyMap<string, unknown>;
    } = {},
  ) {
    const { running, ...limit } = more;
    return groupStatus({
      group: 'mail',
      standing: (await standings(made)).find(({ group }) => group === 'mail'),
      runs: await listRuns(made),
      running: new Set(running === undefined ? [] : [running]),
      now,
      ...limit,
    });
  }

  test('fine: a good set, nothing since, nothing left', async () => {
    const made = await state();
    await run(made, { at: day(8) }, 'clean');
    const good = await run(made, { at: day(9) }, 'good');
    expect(await ask(made)).toEqual({
      group: 'mail',
      lastGood: { id: good, takenAt: day(9), ageMs: 86_400_000, levelText: 'filesystem (boot disks: crash)' },
      kept: 1,
      weak: 0,
      broken: [],
      failedSince: [],
      leftovers: [],
      outOfSight: [],
      mayBeHeld: [],
      fine: true,
    });
  });

  test('a last good set that is dated ahead of now has no age that says anything', async () => {
    const made = await state();
    await run(made, { at: day(9) }, 'good');
    const now = new Date(Date.parse(day(9)) - 86_400_000);
    expect(await ask(made, { now, maxAgeMs: 3_600_000 })).toMatchObject({ aheadMs: 86_400_000, fine: false });
    const soon = new Date(Date.parse(day(9)) - 60_000);
    expect((await ask(made, { now: soon })).fine).toBe(true);
  });

  test('a run that went down with this machine is not going on, and is not fine', async () => {
    const made = await state();
    await run(made, { at: day(8) }, 'good');
    const lost = await run(made, { at: day(9) }, 'died');
    const asked = await ask(made, { running: lost, outOfSight: new Set([lost]) });
    expect(asked).toMatchObject({ outOfSight: [lost], fine: false });
    expect(asked).not.toHaveProperty('running');
  });

  test('a guest that may still be held is named until it has been seen to write', async () => {
    const made = await state();
    await run(made, { at: day(8) }, 'good');
    const doubtful = idOf({ at: day(9) });
    await writeManifest(made, manifestOf({ at: day(9) }));
    const journal = await beginJournal(made, intentFor({ at: day(9) }));
    await journal.finish(resultOf({ at: day(9) }, { state: 'good', exit: 6, because: [], mayBeHeld: ['mail01'] }));
    expect(await ask(made)).toMatchObject({ mayBeHeld: [{ run: doubtful, vms: ['mail01'] }], fine: false });
    expect(await ask(made, { vms: new Map() })).toMatchObject({ mayBeHeld: [], fine: true });
    await resumeJournal(made, doubtful).note({ type: 'writes', vm: 'mail01' });
    expect(await ask(made)).toMatchObject({ mayBeHeld: [], fine: true });
  });

  test('a guest in doubt that a later run has held, and seen let go, is none', async () => {
    const made = await state();
    await writeManifest(made, manifestOf({ at: day(8) }));
    const journal = await beginJournal(made, intentFor({ at: day(8) }));
    await journal.finish(resultOf({ at: day(8) }, { state: 'good', exit: 6, because: [], mayBeHeld: ['mail01'] }));
    expect((await ask(made)).mayBeHeld).toHaveLength(1);
    const later = await beginJournal(made, intentFor({ at: day(9) }));
    await later.window(mailWindow());
    await later.finish(resultOf({ at: day(9) }));
    expect((await ask(made)).mayBeHeld).toEqual([]);
  });

  test('a run that failed since the last good one is named, and is not fine only if it left something', async () => {
    const made = await state();
    await run(made, { at: day(8) }, 'good');
    const failed = await run(made, { at: day(9) }, 'clean');
    expect(await ask(made)).toMatchObject({ failedSince: [failed], fine: true });
    const dirty = await run(made, { at: day(9), seed: 2 }, 'dirty');
    expect(await ask(made)).toMatchObject({ leftovers: [{ run: dirty }], fine: false });
  });

  test('a run that was killed after its set stood is no failure', async () => {
    const made = await state();
    await run(made, { at: day(8) }, 'good');
    await run(made, { at: day(9) }, 'died');
    await writeManifest(made, manifestOf({ at: day(9), state: 'weak' }));
    expect(await ask(made)).toMatchObject({ failedSince: [], leftovers: [], weak: 1, fine: false });
  });

  test('a run that goes on is neither failed nor leaves anything', async () => {
    const made = await state();
    await run(made, { at: day(8) }, 'good');
    const running = await run(made, { at: day(10) }, 'died');
    expect(await ask(made, { running })).toMatchObject({ running, failedSince: [], leftovers: [], fine: true });
  });

  test.each([
    ['no set at all', [], {}],
    ['only a weak set', [{ at: day(9), state: 'weak' } as const], {}],
    ['a set older than the limit', [{ at: day(8) }], { maxAgeMs: 3_600_000 }],
  ])('not fine: %s', async (_what, sketches, more) => {
    expect((await ask(await withSets(...sketches), more)).fine).toBe(false);
  });

  test('not fine: a manifest that cannot be read', async () => {
    const made = await withSets({ at: day(9) }, { at: day(8) });
    await made.files.writeWhole(manifestFile(made, idOf({ at: day(8) })), '');
    expect(await ask(made)).toMatchObject({ fine: false, broken: [{ id: idOf({ at: day(8) }) }], kept: 1 });
  });
});
