import { expect, test } from 'vitest';
import { deadline } from '../../src/base/deadline.ts';
import { listRuns, listSets } from '../../src/catalog/store.ts';
import { chooseDoomed, type RemoveParts, remove } from '../../src/flows/remove/remove.ts';
import { simulated } from '../doubles/array/driver.ts';
import { DIED, mortal } from './mortal.ts';
import { type Shop, shop } from './shop.ts';

function partsOf(world: Shop, last = false): RemoveParts {
  const locks = { take: async () => ({ release: async () => {} }), held: async () => [], break: async () => false };
  return { clock: world.clock, emit: () => {}, state: world.state, locks, last, because: 'a test' };
}

function removing(world: Shop, parts: RemoveParts, doomed: Parameters<typeof remove>[1]) {
  const drivers = new Map([world.fast, world.bulk].map((array) => [array.id, simulated(array)]));
  const limit = deadline(world.clock, 600_000, 'removing');
  return world.clock.drive(remove(parts, doomed, drivers, limit, limit));
}

test('the last good set stays, also where it became the last one after it was chosen', async () => {
  const world = await shop();
  const [older, newer] = [await world.run(), await world.run()];
  const [chosen] = await chooseDoomed(partsOf(world), [older.run]);
  const [other] = await chooseDoomed(partsOf(world, true), [newer.run]);
  if (chosen === undefined || other === undefined) throw new Error('nothing chosen');
  expect(await removing(world, partsOf(world, true), other)).toEqual([]);
  await expect(removing(world, partsOf(world), chosen)).rejects.toMatchObject({ code: 'remove.last-good' });
  expect((await listSets(world.state)).map(({ state }) => state)).toEqual(['removed', 'good']);
  expect(world.onArrays()).toHaveLength(3);
});

test('a pinned set goes by nobody’s hand', async () => {
  const world = await shop();
  const { run } = await world.run();
  await world.run();
  await world.state.files.writeWhole(`/state/sets/mail/${run}/pin.json`, JSON.stringify({ because: 'audit' }));
  await expect(chooseDoomed(partsOf(world, true), [run])).rejects.toMatchObject({
    code: 'remove.pinned',
    message: expect.stringContaining('audit'),
  });
});

test('a snapshot that its array does not let go of stays in the removal, and goes with the next one', async () => {
  const world = await shop();
  const { run } = await world.run();
  const [doomed] = await chooseDoomed(partsOf(world, true), [run]);
  if (doomed === undefined) throw new Error('nothing chosen');
  world.fast.failNext('remove', { kind: 'refused' });
  const remains = await removing(world, partsOf(world, true), doomed);
  expect(remains).toMatchObject([{ array: 'fast', names: world.onArrays() }]);
  expect(await listSets(world.state)).toMatchObject([{ state: 'removing' }]);
  expect(await removing(world, partsOf(world, true), doomed)).toEqual([]);
  expect(await listSets(world.state)).toMatchObject([{ state: 'removed' }]);
  expect(world.onArrays()).toEqual([]);
});

test('what a run may have left is closed only when nothing can appear any more', async () => {
  const world = await shop();
  world.bulk.failFire('bulk-v0', { kind: 'lost-before' });
  const { run } = await world.clock.drive(world.start());
  const [doomed] = await chooseDoomed(partsOf(world), [run]);
  if (doomed === undefined) throw new Error('nothing chosen');
  expect(doomed.kind).toBe('leftovers');
  const early = await removing(world, partsOf(world), doomed);
  expect(early.find(({ array }) => array === 'bulk')?.why).toContain('may still appear until');
  await world.clock.pass(120_000);
  expect(await removing(world, partsOf(world), doomed)).toEqual([]);
  await expect(chooseDoomed(partsOf(world), [run])).rejects.toMatchObject({ code: 'catalog.no-such-set' });
});

test('what a dead run took, and mend has sealed while somebody was asked, is a set, and no leftover', async () => {
  const world = await shop();
  const life = mortal();
  const dying = world.start({
    aroundFiles: (files) => ({
      ...files,
      writeWhole: (path, text) => {
        if (path.endsWith('manifest.json')) life.kill('signal');
        return path.endsWith('manifest.json') ? new Promise(() => {}) : files.writeWhole(path, text);
      },
    }),
  });
  await expect(world.clock.drive(Promise.race([dying, life.died]))).rejects.toBe(DIED);
  const [run] = await listRuns(world.state);
  const [doomed] = await chooseDoomed(partsOf(world), [run?.id ?? '']);
  if (doomed?.kind !== 'leftovers') throw new Error('nothing left over');
  expect(await world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'keep' }] });
  await expect(removing(world, partsOf(world), doomed)).rejects.toMatchObject({ code: 'remove.changed' });
  expect(await listSets(world.state)).toMatchObject([{ state: 'good' }]);
  expect(world.onArrays()).toHaveLength(3);
});
