import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { must } from '../kit/programs.ts';
import { LAB } from './kit/needs.ts';
import { manifestIn } from './kit/papers.ts';
import { type Database, type Recovered, recover, startDatabase } from './kit/postgres.ts';
import type { Cutter } from './kit/shims.ts';
import { type EndToEnd, openWorld } from './kit/world.ts';

const APART_S = 1;
/** Which array is cut last. `alpha`, by btrfs, has the data; `beta`, by cp, the write-ahead log. */
const HELD: readonly Cutter[] = ['btrfs', 'cp', 'btrfs', 'cp', 'btrfs', 'cp'];
const UNHELD: readonly Cutter[] = ['btrfs', 'btrfs', 'btrfs'];

needs(...LAB, 'postgres')('PostgreSQL with its data on one array and its log on another, a second between them', () => {
  let world: EndToEnd;
  let database: Database | undefined;
  let copies = 0;
  let held: string;
  let unheld: string;

  beforeAll(async () => {
    world = await openWorld([
      {
        name: 'db01',
        disks: [
          { address: 'scsi0:0', mount: '/mnt/b', array: 'beta', sizeMb: 256 },
          { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha', sizeMb: 256 },
        ],
      },
    ]);
    held = world.topology('held', { groups: { db: { vms: ['db01'], window: '6s' } } });
    unheld = world.topology('unheld', {
      vms: { db01: { quiesce: 'none' } },
      groups: { db: { vms: ['db01'], require: 'unproven' } },
    });
    database = await startDatabase(world.guest('db01'), '/mnt/a', '/mnt/b');
  });
  afterAll(async () => {
    try {
      await database?.stop();
    } finally {
      await world?.close();
    }
  });

  /** Takes a set and begins to look at it; the next can be taken meanwhile. */
  async function taken(topology: string, slow: Cutter, exit: number): Promise<() => Promise<Recovered>> {
    const nth = ++copies;
    const paper = join(world.lab.folder, `set-${nth}.json`);
    const run = await world.run(['snapshot', 'db', '-t', topology, '--manifest', paper], {
      delays: { [slow]: APART_S },
    });
    expect(run.exit, run.stderr).toBe(exit);
    expect(run.cuts.at(-1)?.by).toBe(slow);
    const { snapshots } = manifestIn(paper, run.stderr);
    const copy = (array: 'alpha' | 'beta'): string => {
      const name = snapshots.find((snapshot) => snapshot.array === array)?.name ?? '';
      const to = join(world.array(array).here, `copy-${nth}.img`);
      must('cp', '--reflink=always', world.imageIn(array, name), to);
      must('chmod', '600', to);
      return to;
    };
    const images = { data: copy('alpha'), wal: copy('beta') };
    return () => recover(join(world.lab.folder, `recover-${nth}`), images);
  }

  async function outcomes(topology: string, order: readonly Cutter[], exit: number): Promise<readonly Recovered[]> {
    const all: Promise<Recovered>[] = [];
    for (const slow of order) {
      const look = await taken(topology, slow, exit);
      // One after the other: each starts a whole server.
      const before = all.at(-1) ?? Promise.resolve();
      all.push(before.then(look));
    }
    return Promise.all(all);
  }

  test(`every one of ${HELD.length} held copies recovers, its sums are equal, and pg_amcheck finds nothing`, async () => {
    const all = await outcomes(held, HELD, 0);
    tell('held', all);
    expect(all.filter(({ is }) => is !== 'right')).toEqual([]);
    const counts = all.map((one) => (one.is === 'right' ? one.transactions : 0));
    expect(counts[0]).toBeGreaterThan(0);
    expect(counts, 'the database went on between the sets').toEqual([...counts].sort((a, b) => a - b));
    expect(new Set(counts).size).toBe(counts.length);
  });

  test('without a hold, the log cut first, a copy does not start or is damaged', async () => {
    const before = await database?.transactions();
    const all = await outcomes(unheld, UNHELD, 3);
    tell('not held', all);
    expect(await database?.transactions()).toBeGreaterThan(before ?? 0);
    expect(all.filter(({ is }) => is !== 'right').length).toBeGreaterThan(0);
  });
});

/** For docs/tested.md, and for whoever looks at a run of CI. */
function tell(what: string, all: readonly Recovered[]): void {
  const texts = all.map((one) =>
    one.is === 'right' ? `right, ${one.transactions} transactions` : `${one.is}: ${one.why}`,
  );
  process.stdout.write(`${what}: ${texts.join('; ')}\n`);
}
