import { beforeEach, describe, expect, test } from 'vitest';
import { deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { listRebuilt, type RebuiltEntry } from '../../src/catalog/rebuilt.ts';
import { beginRemoval } from '../../src/catalog/removal.ts';
import { listSets } from '../../src/catalog/store.ts';
import { type AdoptParts, adopt, chooseAdoption } from '../../src/flows/rebuild/adopt.ts';
import { type RebuildReport, rebuild } from '../../src/flows/rebuild/rebuild.ts';
import { chooseDoomed, type RemoveParts, remove } from '../../src/flows/remove/remove.ts';
import type { CutLabel } from '../../src/model.ts';
import { simulated } from '../doubles/array/driver.ts';
import { type MemoryFileSystem, memoryFileSystem } from '../fixtures/memory-file-system.ts';
import { DIED, type Mortal, mortal } from './mortal.ts';
import { type Shop, shop } from './shop.ts';

const DAY_MS = 24 * 3_600_000;

/** Two sets on the arrays, a day and more old, and a state folder that has lost all of its papers. */
interface Lost {
  readonly world: Shop;
  readonly files: MemoryFileSystem;
  readonly labels: readonly [CutLabel, CutLabel];
}

async function lost(): Promise<Lost> {
  const files = memoryFileSystem();
  const world = await shop({ files });
  for (let run = 0; run < 2; run += 1) expect((await world.run()).exit).toBe(0);
  const labels = [...new Set(world.fast.snapshots().map(({ label }) => label))];
  for (const folder of ['sets', 'runs']) await files.remove(`/state/${folder}`);
  for (const folder of ['sets', 'runs']) await files.makeFolder(`/state/${folder}`);
  await world.clock.pass(DAY_MS + 1000);
  const [first, second] = labels;
  if (first === undefined || second === undefined) throw new Error('not two labels');
  return { world, files, labels: [first, second] };
}

const nobodyElse = {
  take: async () => ({ release: async () => {} }),
  held: async () => [],
  break: async () => false,
};

function partsOf({ world }: Lost, life: Mortal = mortal(), young = false): AdoptParts & RemoveParts {
  return {
    clock: world.clock,
    emit: () => {},
    state: { ...world.state, files: life.files(world.state.files) },
    locks: nobodyElse,
    drivers: new Map([world.fast, world.bulk].map((array) => [array.id, life.array(simulated(array))])),
    waitMs: 0,
    by: 'ops@backup1',
    because: 'a test',
    young,
    last: false,
  };
}

/** On the clock, until it is done or the process has died. */
function live<T>(one: Lost, life: Mortal, work: Promise<T>): Promise<T> {
  return one.world.clock.drive(Promise.race([work, life.died]));
}

const limitOf = ({ world }: Lost) => deadline(world.clock, 600_000, 'a test');

function rebuilding(one: Lost, doing: 'look' | 'mend' = 'mend', life = mortal()): Promise<RebuildReport> {
  return live(one, life, rebuild(partsOf(one, life), doing, limitOf(one)));
}

function adopting(one: Lost, label: CutLabel, life = mortal()) {
  const work = async () => {
    const parts = partsOf(one, life);
    return adopt(parts, await chooseAdoption(parts, label, limitOf(one)), limitOf(one));
  };
  return live(one, life, work());
}

function removing(one: Lost, label: CutLabel, life = mortal()) {
  const work = async () => {
    const parts = partsOf(one, life);
    const [doomed] = await chooseDoomed(parts, [label]);
    if (doomed === undefined) throw new Error('nothing chosen');
    return remove(parts, doomed, parts.drivers, limitOf(one), limitOf(one));
  };
  return live(one, life, work());
}

async function steps(work: (one: Lost, life: Mortal) => Promise<unknown>, one: Lost): Promise<number> {
  const life = mortal();
  await work(one, life);
  return life.steps();
}

const statesOf = async ({ world }: Lost): Promise<readonly RebuiltEntry['state'][]> =>
  (await listRebuilt(world.state)).map(({ state }) => state);
const under = ({ world }: Lost, label: CutLabel): readonly string[] =>
  world.onArrays().filter((name) => name.startsWith(label));

describe('a state folder that was lost', () => {
  let one: Lost;
  beforeEach(async () => {
    one = await lost();
  });

  test('is rebuilt as far as labels go, twice the same; what was lost is no set, and no good one', async () => {
    const before = one.world.onArrays();
    const looked = await rebuilding(one, 'look');
    expect(await listRebuilt(one.world.state)).toEqual([]);
    expect(await rebuilding(one)).toMatchObject({ exit: 0, left: [] });
    expect(looked.changes).toHaveLength(2);
    expect((await listRebuilt(one.world.state)).map(({ id }) => id)).toEqual([...one.labels].sort());
    expect(await listSets(one.world.state)).toEqual([]);

    const written = one.files.contents();
    expect((await rebuilding(one)).changes.map(({ kind }) => kind)).toEqual(['stay', 'stay']);
    expect(one.files.contents()).toEqual(written);
    expect(one.world.onArrays()).toEqual(before);
  });

  test('mend names what is foreign, and no longer what was rebuilt; it touches neither', async () => {
    const before = one.world.onArrays();
    expect((await one.world.mend()).foreign.map(({ label }) => label)).toEqual(expect.arrayContaining([...one.labels]));
    await rebuilding(one);
    expect(await one.world.mend()).toMatchObject({ exit: 0, foreign: [], mended: [], left: [] });
    expect(one.world.onArrays()).toEqual(before);
  });

  test('runs go on, and their retention removes nothing that was rebuilt or adopted', async () => {
    await rebuilding(one);
    await adopting(one, one.labels[0]);
    for (let run = 0; run < 4; run += 1) expect((await one.world.run()).exit).toBe(0);
    expect(one.world.onArrays()).toHaveLength(6 + 6);
    for (const label of one.labels) expect(under(one, label)).toHaveLength(3);
    expect(await rebuilding(one)).toMatchObject({ changes: [{ kind: 'stay' }] });
  });

  test('what was only rebuilt is not removed; what was adopted is, and nothing else', async () => {
    await rebuilding(one);
    await expect(removing(one, one.labels[0])).rejects.toMatchObject({
      code: 'remove.not-adopted',
      exit: 2,
      hint: expect.stringContaining(`stillpoint mend --adopt ${one.labels[0]}`),
    });
    expect(await adopting(one, one.labels[0])).toMatchObject({ adopted: { by: 'ops@backup1', because: 'a test' } });
    expect(await removing(one, one.labels[0])).toEqual([]);
    expect(under(one, one.labels[0])).toEqual([]);
    expect(under(one, one.labels[1])).toHaveLength(3);
    expect(await statesOf(one)).toEqual(expect.arrayContaining(['removed', 'rebuilt']));
  });

  test('a foreign label need not be rebuilt to be adopted', async () => {
    await adopting(one, one.labels[1]);
    expect(await listRebuilt(one.world.state)).toMatchObject([{ id: one.labels[1], state: 'adopted' }]);
  });

  test('only what was adopted goes: not what has come under its label since, nor what was put in its place', async () => {
    const [label] = one.labels;
    await adopting(one, label);
    const [first] = one.world.fast.snapshots().filter((snapshot) => snapshot.label === label);
    if (first === undefined) throw new Error('no snapshot');
    one.world.fast.place({ ...first, id: 'another hand' });
    one.world.fast.place({ ...first, name: `${label}-later`, id: 'x9' });
    const remains = await removing(one, label);
    expect(remains).toMatchObject([{ array: 'fast', names: [first.name] }]);
    expect([...under(one, label)].sort()).toEqual([first.name, `${label}-later`].sort());
    const mended = await one.world.mend();
    expect(mended).toMatchObject({ exit: 3 });
    expect(mended.left.join()).toContain(`${label}-later carries the adopted label`);
    expect(under(one, label)).toHaveLength(2);
  });

  test('one whose label turns out to be known is not removed by it', async () => {
    const world = await shop({ files: memoryFileSystem() });
    await world.run();
    const kept = await listSets(world.state);
    const [set] = kept;
    if (set === undefined || !('manifest' in set)) throw new Error('no set');
    await world.clock.pass(DAY_MS + 1000);
    const papers = `/state/sets/mail/${set.id}/manifest.json`;
    const manifest = (await world.state.files.read(papers)) ?? '';
    await world.state.files.remove(papers);
    await world.state.files.remove(`/state/runs/${set.id}`);
    const here: Lost = { ...one, world };
    const ours = await adopting(here, set.manifest.label);
    await world.state.files.writeWhole(papers, manifest);
    await expect(removing(here, set.manifest.label)).rejects.toMatchObject({ code: 'remove.known' });
    await expect(adopting(here, set.manifest.label)).rejects.toMatchObject({ code: 'adopt.ours' });
    await beginRemoval(world.state, ours, { because: 'by hand', now: world.clock.date() });
    const mended = await world.mend();
    expect(mended).toMatchObject({ exit: 3, mended: [] });
    expect(mended.left.join()).toContain(`its label is that of ${set.id}`);
    expect(world.onArrays()).toHaveLength(3);
  });
});

describe('an adoption is refused', () => {
  test('for what is no label, what no array shows, and what an array was not asked of', async () => {
    const one = await lost();
    const parts = partsOf(one);
    const choose = (label: string) => one.world.clock.drive(chooseAdoption(parts, label, limitOf(one)));
    await expect(choose('mail-1')).rejects.toMatchObject({ code: 'adopt.not-a-label', exit: 2 });
    await expect(choose('spaaaaaaaaaaaaa')).rejects.toMatchObject({ code: 'adopt.nothing-there', exit: 2 });
    one.world.bulk.failNext('find', { kind: 'refused' });
    await expect(choose(one.labels[0])).rejects.toMatchObject({ code: 'adopt.not-asked', exit: 4 });
  });

  test('where another machine’s run may still be at work: younger than a day, of unknown age, or from tomorrow', async () => {
    const one = await lost();
    const [old] = one.world.fast.snapshots();
    if (old === undefined) throw new Error('no snapshot');
    const { createdAt: _, ...ageless } = old;
    const at = (ms: number) => new Date(one.world.clock.date().getTime() + ms).toISOString();
    for (const snapshot of [
      ageless,
      { ...old, createdAt: at(3_600_000 - DAY_MS) },
      { ...old, createdAt: at(DAY_MS) },
    ]) {
      one.world.fast.place(snapshot);
      await expect(adopting(one, old.label)).rejects.toMatchObject({ code: 'adopt.young', exit: 2 });
    }
    const parts = partsOf(one, mortal(), true);
    const chosen = await one.world.clock.drive(chooseAdoption(parts, old.label, limitOf(one)));
    expect(chosen.set.snapshots).toHaveLength(3);
  });

  test('for a label of a run here, going on or over', async () => {
    const world = await shop();
    await world.run();
    const [mine] = world.fast.snapshots();
    if (mine === undefined) throw new Error('no snapshot');
    const one: Lost = { world, files: memoryFileSystem(), labels: [mine.label, mine.label] };
    await expect(adopting(one, mine.label)).rejects.toBeInstanceOf(Fault);
    await expect(adopting(one, mine.label)).rejects.toMatchObject({ code: 'adopt.ours' });
  });

  test('for what is being removed; what is adopted already is said', async () => {
    const one = await lost();
    const [label] = one.labels;
    await adopting(one, label);
    const again = await one.world.clock.drive(chooseAdoption(partsOf(one), label, limitOf(one)));
    expect(again.already).toMatchObject({ by: 'ops@backup1' });
    one.world.fast.failNext('remove', { kind: 'refused' });
    expect(await removing(one, label)).toHaveLength(1);
    await expect(adopting(one, label)).rejects.toMatchObject({ code: 'adopt.removing' });
  });
});

describe('killed at any of its steps', () => {
  test('a rebuilding has written whole papers or none, and a second one ends as the first would have', async () => {
    const whole = await lost();
    const count = await steps((one, life) => rebuilding(one, 'mend', life), whole);
    expect(count).toBeGreaterThan(6);
    const wanted = (await listRebuilt(whole.world.state)).map(({ id }) => id);
    for (let at = 0; at < count; at += 1) {
      const one = await lost();
      await expect(rebuilding(one, 'mend', mortal(at)), `at ${at}`).rejects.toBe(DIED);
      expect((await statesOf(one)).every((state) => state === 'rebuilt')).toBe(true);
      expect((await rebuilding(one)).exit).toBe(0);
      expect((await listRebuilt(one.world.state)).map(({ id }) => id)).toEqual(wanted);
      expect(one.world.onArrays()).toHaveLength(6);
    }
  });

  test('an adoption is there or is not, and is begun again', async () => {
    const count = await steps((one, life) => adopting(one, one.labels[0], life), await lost());
    for (let at = 0; at < count; at += 1) {
      const one = await lost();
      await rebuilding(one);
      await expect(adopting(one, one.labels[0], mortal(at)), `at ${at}`).rejects.toBe(DIED);
      expect(['rebuilt', 'adopted']).toContain((await entryOf(one))?.state);
      await adopting(one, one.labels[0]);
      expect((await entryOf(one))?.state).toBe('adopted');
      expect(one.world.onArrays()).toHaveLength(6);
    }
  });

  test('a removal is brought to its end by mend, which may itself be killed; the other set stays whole', async () => {
    const first = await lost();
    await adopting(first, first.labels[0]);
    const count = await steps((one, life) => removing(one, one.labels[0], life), first);
    expect(count).toBeGreaterThan(8);
    for (let at = 0; at < count; at += 1) {
      const one = await lost();
      await adopting(one, one.labels[0]);
      await expect(removing(one, one.labels[0], mortal(at)), `at ${at}`).rejects.toBe(DIED);
      const before = (await entryOf(one))?.state;
      const life = mortal(at % 5);
      const dying = one.world.mend('mend', { around: life.array, aroundFiles: life.files, dies: life.died });
      await dying.catch(() => {});
      expect(await one.world.mend(), `at ${at}`).toMatchObject({ exit: 0, left: [] });
      const isBegun = before !== 'adopted';
      expect((await entryOf(one))?.state).toBe(isBegun ? 'removed' : 'adopted');
      expect(under(one, one.labels[0])).toHaveLength(isBegun ? 0 : 3);
      expect(under(one, one.labels[1])).toHaveLength(3);
    }
  });
});

async function entryOf(one: Lost): Promise<RebuiltEntry | undefined> {
  return (await listRebuilt(one.world.state)).find(({ id }) => id === one.labels[0]);
}
