import { describe, expect, test } from 'vitest';
import type { FileSystem } from '../../src/base/file-system.ts';
import { sealed, unsealed } from '../../src/catalog/manifest.ts';
import type { ArrayDriver, Quiescer } from '../../src/ports.ts';
import { play } from './seeds/play.ts';
import { type Sabotage, SECRET } from './seeds/process.ts';
import { FAULTS, type Tally } from './seeds/weather.ts';
import type { World } from './seeds/world.ts';

const SEEDS = Number(process.env.STILLPOINT_SEEDS ?? 300);
const MINUTES = 300_000;

describe('histories from seeds', () => {
  test(`${SEEDS} of them keep every promise, and are met by faults of every kind`, { timeout: MINUTES }, async () => {
    const tally: Tally = new Map();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      const { broken } = await play(seed, tally);
      expect(broken, `npm run sim -- --seed ${seed}`).toEqual([]);
    }
    expect(FAULTS.length - tally.size, 'kinds that none of them met').toBeLessThan(3);
  });

  test('one seed is one history: every event and every file, each time', { timeout: MINUTES }, async () => {
    const seeds = [3, 14, 159, 2653];
    const hashes = new Set<string>();
    for (const seed of seeds) {
      const first = await play(seed);
      const again = await play(seed);
      expect(again.hash).toBe(first.hash);
      expect(again.lines).toEqual(first.lines);
      hashes.add(first.hash);
    }
    expect(hashes.size).toBe(seeds.length);
  });
});

describe('the judges see', () => {
  test('a guest that says it was let go, and still stands', () => seen('I1', { guest: neverReleases }));
  test('a hold that lasts longer than its lease', () => seen('I1', { guest: holdsTwice }));
  test('a level that is raised in the manifest', () => seen('I2', { files: (files) => rewriting(files, raise) }));
  test('a set that leaves a volume out', () => seen('I2', { files: (files) => rewriting(files, loseOne) }));
  test('a stranger’s snapshot that is removed', () => seen('I4', { driver: removesMore }));
  test('a fire that is sent twice', () => seen('I7', { driver: firesTwice }));
  test('an answer `cut` that comes before the cut', () => seen('I7', { driver: answersEarly }));
  test('a secret in a file', () => seen('I9', { files: (files) => rewriting(files, tellSecret) }));
  test('an array that takes nothing back', () => seen('I3', { driver: keepsAll }));
  test('a bug', () => seen('exit', { driver: (driver) => ({ ...driver, arm: () => Promise.reject(new Error('x')) }) }));
});

/** Seeds are played until a judge sees it; that none shows it fails. */
async function seen(promise: string, sabotage: Sabotage): Promise<void> {
  const found = new Set<string>();
  for (let seed = 1; seed <= 80 && !found.has(promise); seed += 1) {
    for (const one of (await play(seed, new Map(), sabotage)).broken) found.add(one.promise);
  }
  expect([...found]).toContain(promise);
}

function neverReleases(quiescer: Quiescer): Quiescer {
  return {
    ...quiescer,
    async open(...how) {
      const channel = await quiescer.open(...how);
      return { ...channel, release: async () => ({ kind: 'kept' }), close: async () => {} };
    },
  };
}

function holdsTwice(quiescer: Quiescer): Quiescer {
  return {
    ...quiescer,
    async open(guest, order, deadline) {
      const channel = await quiescer.open(guest, { ...order, maxLeaseMs: 60_000 }, deadline);
      return {
        ...channel,
        hold: (_leaseMs, limit) => channel.hold(60_000, limit),
        release: async () => ({ kind: 'kept' }),
        close: async () => {},
      };
    },
  };
}

function removesMore(driver: ArrayDriver, { arrays }: World): ArrayDriver {
  const array = arrays.find(({ id }) => id === driver.id);
  return {
    ...driver,
    async remove(snapshot, deadline) {
      await driver.remove(snapshot, deadline);
      for (const { name } of array?.snapshots() ?? []) array?.remove(name);
    },
  };
}

function firesTwice(driver: ArrayDriver): ArrayDriver {
  return {
    ...driver,
    async arm(units, label, deadline) {
      const [one, other] = [await driver.arm(units, label, deadline), await driver.arm(units, label, deadline)];
      return {
        ...one,
        async fire(limit) {
          await one.fire(limit);
          return other.fire(limit);
        },
      };
    },
  };
}

function answersEarly(driver: ArrayDriver): ArrayDriver {
  return {
    ...driver,
    async arm(units, label, deadline) {
      const cut = await driver.arm(units, label, deadline);
      return {
        ...cut,
        async fire(limit) {
          void cut.fire(limit);
          return units.map((unit) => ({ kind: 'cut', unit }));
        },
      };
    },
  };
}

function keepsAll(driver: ArrayDriver): ArrayDriver {
  return { ...driver, remove: async () => {} };
}

/** Files that change a manifest on its way to the disk, with a checksum that is right. */
function rewriting(files: FileSystem, change: (text: string) => string): FileSystem {
  return {
    ...files,
    writeWhole: (path, text) => files.writeWhole(path, path.endsWith('manifest.json') ? change(text) : text),
  };
}

function raise(text: string): string {
  const read = unsealed(text);
  if (read.kind !== 'whole') throw new Error(read.why);
  const { manifest } = read;
  return sealed({ ...manifest, verdict: { ...manifest.verdict, level: 'application' } });
}

function loseOne(text: string): string {
  const read = unsealed(text);
  if (read.kind !== 'whole') throw new Error(read.why);
  return sealed({ ...read.manifest, snapshots: read.manifest.snapshots.slice(1) });
}

function tellSecret(text: string): string {
  const read = unsealed(text);
  if (read.kind !== 'whole') throw new Error(read.why);
  return sealed({ ...read.manifest, note: SECRET });
}
