import { expect, test } from 'vitest';
import { manifestFile, writeManifest } from '../../src/catalog/manifest.ts';
import { setLines } from '../../src/catalog/set-lines.ts';
import { listSets } from '../../src/catalog/store.ts';
import { memoryFileSystem } from '../fixtures/memory-file-system.ts';
import { idOf, manifestOf } from '../fixtures/sets.ts';
import { firstTakerWaits, type Shop, shop } from './shop.ts';

async function states(world: Shop): Promise<Readonly<Record<string, string>>> {
  return Object.fromEntries((await listSets(world.state)).map(({ id, state }) => [id, state]));
}

function warned(world: Shop): string {
  return world.events.flatMap((event) => (event.type === 'finding' ? [event.finding.message] : [])).join();
}

test('the set that a run has just taken stays, also where the clock went back and all others are dated after it', async () => {
  const world = await shop({ keepLast: 1 });
  const before = await world.run();
  world.clock.setDate(-3_600_000);
  const after = await world.run();
  expect(after).toMatchObject({ state: 'good', exit: 0 });
  expect(await states(world)).toEqual({ [before.run]: 'removed', [after.run]: 'good' });
  expect(world.onArrays()).toHaveLength(3);
  expect(warned(world)).toContain('it is dated after this run');
});

test('nor does it go where another run began after it, and took its set before it', async () => {
  const { locks, letGo } = firstTakerWaits();
  const world = await shop({ keepLast: 1, locks });
  const waiting = world.start();
  await world.clock.pass(5000);
  const overtaker = await world.run();
  letGo();
  const waited = await world.clock.drive(waiting);
  expect([overtaker.exit, waited.exit]).toEqual([0, 0]);
  expect(await states(world)).toEqual({ [overtaker.run]: 'removed', [waited.run]: 'good' });
  expect(world.onArrays()).toHaveLength(3);
});

test('`--weak remove` is of its own run: a weak set that was kept stays', async () => {
  const world = await shop({ keepLast: 5 });
  world.bulk.failFire('bulk-v0', { kind: 'lost-after', cutMs: 60 });
  const weak = await world.run();
  const good = await world.run({ weak: 'remove' });
  expect([weak.exit, good.exit]).toEqual([3, 0]);
  expect(await states(world)).toEqual({ [weak.run]: 'weak', [good.run]: 'good' });
  expect(world.onArrays()).toHaveLength(6);
});

test('what goes is decided by the manifests: one that an index calls good, and that cannot be read, is no set that is kept', async () => {
  const files = memoryFileSystem();
  const world = await shop({ keepLast: 20, files });
  const older = Array.from({ length: 20 }, (_, day) =>
    manifestOf({ at: new Date(Date.UTC(2020, 0, day + 1)).toISOString(), seed: day + 1 }),
  );
  for (const manifest of older) await writeManifest(world.state, manifest);
  await setLines(world.state);
  const [oldest, next] = older;
  // In place, as an editor may: nothing tells the index.
  await files.append(manifestFile(world.state, next?.id ?? idOf()), 'x');
  expect(await setLines(world.state)).not.toContainEqual(expect.objectContaining({ state: 'unreadable' }));
  const { run } = await world.run();
  const now = await states(world);
  expect(now[run]).toBe('good');
  expect(now[oldest?.id ?? '']).toBe('good');
  expect(Object.values(now).filter((state) => state === 'good')).toHaveLength(20);
});
