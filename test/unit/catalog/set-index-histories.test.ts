import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Fault } from '../../../src/base/fault.ts';
import type { FileSystem } from '../../../src/base/file-system.ts';
import { manifestFile, writeManifest } from '../../../src/catalog/manifest.ts';
import { beginRemoval, removalFlag } from '../../../src/catalog/removal.ts';
import { pinFile } from '../../../src/catalog/set-entry.ts';
import { setLines } from '../../../src/catalog/set-lines.ts';
import { standings, standingsOf } from '../../../src/catalog/standing.ts';
import { openState, type StateFolder, setFolder } from '../../../src/catalog/state-folder.ts';
import { estate, readInFull } from '../../fixtures/estate.ts';
import { memoryFileSystem } from '../../fixtures/memory-file-system.ts';

/**
 * Whatever happens to a state folder, and to the process that looks at it: what the index helps to tell is what reading
 * every manifest tells. Time stands still between ticks, as it does for a file system's clock.
 */

const INDEX = '/s/sets.index';
const NOW = new Date('2026-12-01T00:00:00.000Z');
const SETS = estate(60);
/** Enough for an index, and more are to come. */
const AT_FIRST = 24;

/** What Stillpoint itself does, perhaps not to its end. */
type Deed =
  | { readonly does: 'seal'; readonly set: number }
  | { readonly does: 'remove'; readonly set: number; readonly gone: number }
  | { readonly does: 'prune'; readonly set: number }
  | { readonly does: 'list' }
  | { readonly does: 'status' };

type Event =
  /** It dies before this change of a file. */
  | { readonly is: 'deed'; readonly deed: Deed; readonly diesAt: number | undefined }
  | { readonly is: 'tick' }
  | { readonly is: 'power loss' }
  /** Somebody else writes the index that they had made so many events ago. */
  | { readonly is: 'old index'; readonly ago: number }
  | { readonly is: 'damaged index'; readonly how: 'gone' | 'cut' | 'turned' | 'other version' }
  | { readonly is: 'by hand'; readonly set: number; readonly how: Hand }
  /** A list is made, and this befalls a set right after its manifest was read. */
  | { readonly is: 'meanwhile'; readonly set: number; readonly how: Hand };

type Hand = 'pin' | 'unpin' | 'damage' | 'no manifest' | 'no folder' | 'empty folder' | 'no flag';

const number = fc.nat(SETS.length - 1);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('seal' as const), set: number }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('remove' as const), set: number, gone: fc.nat(4) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('prune' as const), set: number }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('list' as const) }) },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('status' as const) }) },
);
const ofOurs: readonly fc.WeightedArbitrary<Event>[] = [
  {
    weight: 10,
    arbitrary: fc.record({
      is: fc.constant('deed' as const),
      deed,
      diesAt: fc.option(fc.nat(4), { nil: undefined, freq: 3 }),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ is: 'tick' as const }) },
  { weight: 1, arbitrary: fc.constant({ is: 'power loss' as const }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('old index' as const), ago: fc.nat(6) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('damaged index' as const),
      how: fc.constantFrom('gone', 'cut', 'turned', 'other version'),
    }),
  },
];
const byHand: fc.WeightedArbitrary<Event> = {
  weight: 6,
  arbitrary: fc.record({
    is: fc.constantFrom('by hand' as const, 'meanwhile' as const),
    set: number,
    how: fc.constantFrom<Hand>('pin', 'unpin', 'damage', 'no manifest', 'no folder', 'empty folder', 'no flag'),
  }),
};

const NO_INDEX: Event = { is: 'damaged index', how: 'gone' };

class World {
  memory = memoryFileSystem({ coarse: true });
  readonly indexes: (string | undefined)[] = [];

  static async begin(): Promise<World> {
    const world = new World();
    await openState('/s', world.memory);
    for (const manifest of SETS.slice(0, AT_FIRST)) await writeManifest(world.state(), manifest);
    world.memory.tick();
    await setLines(world.state());
    return world;
  }

  state(files: FileSystem = this.memory): StateFolder {
    return { root: '/s', files };
  }

  async happens(event: Event): Promise<void> {
    this.indexes.push(this.memory.contents().get(INDEX));
    if (event.is === 'tick') this.memory.tick();
    else if (event.is === 'power loss') this.memory = this.memory.afterPowerLoss();
    else if (event.is === 'old index') await this.putIndex(this.indexes.at(-1 - event.ago));
    else if (event.is === 'damaged index') await this.putIndex(damaged(this.indexes.at(-1), event.how));
    else if (event.is === 'by hand') await byAHand(this.state(), event.set, event.how);
    else if (event.is === 'meanwhile') await this.listWhile(event.set, event.how);
    else {
      const files = event.diesAt === undefined ? this.memory : dying(this.memory, event.diesAt);
      await done(this.state(files), event.deed).catch((thrown: unknown) => {
        if (!(thrown instanceof Fault) || thrown.code !== 'test.died') throw thrown;
      });
    }
  }

  private async listWhile(set: number, how: Hand): Promise<void> {
    const file = SETS[set] && manifestFile(this.state(), SETS[set].id);
    const read = async (path: string): Promise<string | undefined> => {
      const text = await this.memory.read(path);
      if (path === file) {
        await byAHand(this.state(), set, how);
        this.memory.tick();
      }
      return text;
    };
    await setLines(this.state({ ...this.memory, read }));
  }

  private async putIndex(text: string | undefined): Promise<void> {
    if (text === undefined) await this.memory.remove(INDEX);
    else await this.memory.writeWhole(INDEX, text);
  }
}

async function done(state: StateFolder, deed: Deed): Promise<void> {
  if (deed.does === 'list') await setLines(state);
  else if (deed.does === 'status') await standings(state);
  else {
    const manifest = SETS[deed.set];
    if (manifest === undefined) throw new Error(`no set ${deed.set}`);
    if (deed.does === 'seal') return writeManifest(state, manifest);
    if (deed.does === 'prune') {
      await state.files.remove(setFolder(state, manifest.id));
      return state.files.remove(removalFlag(state, manifest.id));
    }
    // Only of a set that is there.
    if ((await state.files.read(manifestFile(state, manifest.id))) === undefined) return;
    const removing = await beginRemoval(state, manifest, { because: 'asked', now: NOW });
    for (const snapshot of removing.left.slice(0, deed.gone)) await removing.gone(snapshot);
    if (removing.left.length === 0) await removing.finish(NOW);
  }
}

async function byAHand(state: StateFolder, set: number, how: Hand): Promise<void> {
  const { files } = state;
  const id = SETS[set]?.id;
  if (id === undefined) throw new Error(`no set ${set}`);
  const folder = setFolder(state, id);
  if (how === 'no folder') return files.remove(folder);
  if (how === 'empty folder') return files.makeFolder(folder);
  if (how === 'no flag') return files.remove(removalFlag(state, id));
  await files.makeFolder(folder);
  if (how === 'pin') return files.writeWhole(pinFile(state, id), '{"because":"audit"}');
  if (how === 'unpin') return files.remove(pinFile(state, id));
  if (how === 'damage') return files.writeWhole(manifestFile(state, id), '{"v":1');
  return files.remove(manifestFile(state, id));
}

function damaged(text: string | undefined, how: 'gone' | 'cut' | 'turned' | 'other version'): string | undefined {
  if (text === undefined || how === 'gone') return undefined;
  if (how === 'cut') return text.slice(0, text.length / 2);
  if (how === 'other version') return text.replace('sets 1', 'sets 2');
  // A good set for a weak one, and a weak one for a good.
  return text.replace(/^[gwr]+$/m, (states) => states.replaceAll('g', 'w'));
}

/** Refuses everything from its so manieth change on. */
function dying(files: FileSystem, diesAt: number): FileSystem {
  let changes = 0;
  const guarded =
    <A extends readonly unknown[]>(change: (...args: A) => Promise<void>) =>
    async (...args: A): Promise<void> => {
      if (changes >= diesAt) throw new Fault({ code: 'test.died', message: 'the process died' });
      changes += 1;
      await change(...args);
    };
  return {
    ...files,
    writeWhole: guarded(files.writeWhole),
    append: guarded(files.append),
    sync: guarded(files.sync),
    makeFolder: guarded(files.makeFolder),
    remove: guarded(files.remove),
  };
}

test('a list tells what reading every manifest tells, whatever happened', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...ofOurs, byHand), { maxLength: 24 }), async (events) => {
      const world = await World.begin();
      for (const event of events) await world.happens(event);
      expect(await setLines(world.state())).toEqual(await readInFull(world.state()));
    }),
    { examples: [[[NO_INDEX, { is: 'meanwhile', set: 0, how: 'pin' }]]] },
  );
});

test('how groups stand is told as by reading every manifest, whatever Stillpoint did, or was killed at', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...ofOurs), { maxLength: 24 }), async (events) => {
      const world = await World.begin();
      for (const event of events) await world.happens(event);
      const [found, wanted] = [await standings(world.state()), standingsOf(await readInFull(world.state()))];
      expect(found.map(told)).toEqual(wanted.map(told));
    }),
    { examples: [[[{ is: 'deed', deed: { does: 'remove', set: 0, gone: 0 }, diesAt: undefined }]]] },
  );
});

test('what a hand changed inside a set’s folder is known to status once a list was made', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(...ofOurs, byHand), { maxLength: 24 }), async (events) => {
      const world = await World.begin();
      for (const event of events) await world.happens(event);
      world.memory.tick();
      await setLines(world.state());
      const [found, wanted] = [await standings(world.state()), standingsOf(await readInFull(world.state()))];
      expect(found.map(told)).toEqual(wanted.map(told));
    }),
  );
});

function told({ has, lastGood, ...standing }: Awaited<ReturnType<typeof standings>>[number]): unknown {
  const last = lastGood && { id: lastGood.id, takenAt: lastGood.takenAt, levelText: lastGood.levelText };
  return { ...standing, lastGood: last, has: SETS.filter(({ id }) => has(id)).map(({ id }) => id) };
}
