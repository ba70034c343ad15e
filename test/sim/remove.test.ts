import { expect, test } from 'vitest';
import { simulated } from '../../src/arrays/simulated/driver.ts';
import { deadline } from '../../src/base/deadline.ts';
import { listSets } from '../../src/catalog/store.ts';
import { chooseDoomed, type RemoveParts, remove } from '../../src/flows/remove.ts';
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
