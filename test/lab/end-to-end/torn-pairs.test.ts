import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { must } from '../kit/programs.ts';
import { LAB } from './kit/needs.ts';
import { manifestIn } from './kit/papers.ts';
import type { Cutter } from './kit/shims.ts';
import { type EndToEnd, openWorld } from './kit/world.ts';
import { numberIn, type PairWriter, startPairWriter } from './kit/writer.ts';

/** Between the cut of one array and that of the other. */
const APART_S = 1;
/** 25 in both orders together. */
const HELD_ROUNDS = { btrfs: 13, cp: 12 } as const;
/** In each order. `STILLPOINT_PROOF=full`: 26 in both together. */
const UNHELD_ROUNDS = process.env.STILLPOINT_PROOF === 'full' ? 13 : 4;
/** A round takes four seconds where nothing else runs, and many times that beside other files of the lab. */
const PATIENCE_MS = 600_000;
/** The array that is cut last. */
const LANES: readonly { readonly vm: string; readonly slow: Cutter }[] = [
  { vm: 'mail01', slow: 'btrfs' },
  { vm: 'mail02', slow: 'cp' },
];

interface Round {
  readonly exit: number | null;
  readonly line: string;
  /** Of each writer: the number on the disk that it writes first, less that on the other. 0 or 1 in every state that ever was. */
  readonly leads: readonly number[];
  /** Pairs that the writers finished between the end of the first cut and the beginning of the last. */
  readonly betweenCuts: number;
  readonly firstCut: Cutter | undefined;
  /** By array: the file system in the snapshot would have to recover. */
  readonly needsRecovery: { readonly alpha: boolean; readonly beta: boolean };
}

needs(...LAB)('a second between the snapshots of two arrays, while a guest writes N here and then N there', () => {
  let world: EndToEnd;
  const writers = new Map<string, readonly PairWriter[]>();
  let held: string;
  let unheld: string;
  let rooted: string;

  beforeAll(async () => {
    world = await openWorld(
      LANES.map(({ vm }) => ({
        name: vm,
        disks: [
          { address: 'scsi0:0', mount: '/', array: 'beta' },
          { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha' },
        ],
      })),
    );
    const groups = (rest: object) => Object.fromEntries(LANES.map(({ vm }) => [`of-${vm}`, { vms: [vm], ...rest }]));
    held = world.topology('held', { groups: groups({ window: '5s', keep: { last: 2 } }) });
    unheld = world.topology('unheld', {
      vms: Object.fromEntries(LANES.map(({ vm }) => [vm, { quiesce: 'none' }])),
      groups: groups({ require: 'unproven' }),
    });
    rooted = world.topology('rooted', {
      vms: Object.fromEntries(
        LANES.map(({ vm }) => [vm, { quiesce: { method: 'fsfreeze', mounts: ['/', '/mnt/a'] }, boot: 'hold' }]),
      ),
      groups: groups({ window: '5s' }),
    });
    for (const { vm } of LANES) {
      const guest = world.guest(vm);
      writers.set(vm, [await startPairWriter(guest, ['/mnt/a', '/']), await startPairWriter(guest, ['/', '/mnt/a'])]);
    }
  });
  afterAll(async () => {
    for (const each of [...writers.values()].flat()) await each.stop();
    await world?.close();
  });

  async function round(topology: string, { vm, slow }: (typeof LANES)[number], nth: number): Promise<Round> {
    const paper = join(world.lab.folder, `${vm}-${nth}.json`);
    const args = ['snapshot', `of-${vm}`, '-t', topology, '--manifest', paper];
    const { exit, stdout, stderr, cuts } = await world.run(args, { delays: { [slow]: APART_S } });
    const manifest = manifestIn(paper, stderr);
    const images = new Map(
      manifest.snapshots.map(({ array, name, source }) => [
        source.name === `${vm}-scsi0-0` ? '/' : '/mnt/a',
        world.imageIn(array === 'alpha' ? 'alpha' : 'beta', name),
      ]),
    );
    const image = (mount: string): string => images.get(mount) ?? '';
    const own = writers.get(vm) ?? [];
    const [first, last] = [cuts.at(0), cuts.at(-1)];
    if (first === undefined || last === undefined || cuts.length !== 2) throw new Error(`no two cuts: ${stderr}`);
    expect((last.beganUs - first.endedUs) / 1e6).toBeGreaterThan(APART_S / 2);
    return {
      exit,
      line: stdout.trim(),
      leads: own.map(({ counters: [a, b] }) => numberIn(image(a.mount), a) - numberIn(image(b.mount), b)),
      betweenCuts: own
        .flatMap((writer) => writer.doneUs())
        .filter((doneUs) => doneUs > first.endedUs && doneUs < last.beganUs).length,
      firstCut: first.by,
      needsRecovery: { alpha: needsRecovery(image('/mnt/a')), beta: needsRecovery(image('/')) },
    };
  }

  async function rounds(topology: string, count: (slow: Cutter) => number): Promise<readonly Round[]> {
    const lanes = LANES.map(async (lane) => {
      const done: Round[] = [];
      for (let nth = 1; nth <= count(lane.slow); nth++) done.push(await round(topology, lane, nth));
      return done;
    });
    return (await Promise.all(lanes)).flat();
  }

  test(
    'no pair is torn in 25 rounds of held runs, and the writers stood still between the snapshots',
    async () => {
      const all = await rounds(held, (slow) => HELD_ROUNDS[slow]);
      expect(all).toHaveLength(25);
      expect(all.filter(isTorn)).toEqual([]);
      for (const each of all) {
        expect(each).toMatchObject({ exit: 0, betweenCuts: 0 });
        expect(each.line).toMatch(/ {2}filesystem \(boot disks: crash\) {2}window .* {2}2 arrays {2}2 volumes$/);
        // The word of the file systems themselves: /mnt/a was frozen, / was not.
        expect(each.needsRecovery).toEqual({ alpha: false, beta: true });
      }
      expect(new Set(all.map(({ firstCut }) => firstCut))).toEqual(new Set(['btrfs', 'cp']));
      tell('held', all);
    },
    PATIENCE_MS,
  );

  test('with / held too, nothing is free, in the level and on the disks', async () => {
    const all = await rounds(rooted, () => 1);
    tell('held with /', all);
    expect(all.filter(isTorn)).toEqual([]);
    for (const each of all) {
      expect(each).toMatchObject({ exit: 0, betweenCuts: 0, needsRecovery: { alpha: false, beta: false } });
      expect(each.line).toMatch(/ {2}filesystem {2}window /);
    }
  });

  test(
    'most pairs are torn where nobody is held, in each order, and the writers went on between the snapshots',
    async () => {
      const all = await rounds(unheld, () => UNHELD_ROUNDS);
      tell('not held', all);
      for (const first of ['btrfs', 'cp'] as const) {
        const own = all.filter(({ firstCut }) => firstCut === first);
        expect(own).toHaveLength(UNHELD_ROUNDS);
        expect(own.filter(isTorn).length).toBeGreaterThan(UNHELD_ROUNDS / 2);
      }
      for (const each of all) {
        expect(each.exit).toBe(3);
        expect(each.line).toMatch(/ {2}unproven {2}weak {2}window /);
        expect(each.betweenCuts).toBeGreaterThan(10);
        expect(each.needsRecovery).toEqual({ alpha: true, beta: true });
      }
    },
    PATIENCE_MS,
  );
});

function isTorn({ leads }: Round): boolean {
  return leads.some((lead) => lead !== 0 && lead !== 1);
}

function needsRecovery(image: string): boolean {
  return must('tune2fs', '-l', image).includes('needs_recovery');
}

/** For docs/tested.md, and for whoever looks at a run of CI. */
function tell(what: string, all: readonly Round[]): void {
  const torn = all.filter(isTorn).length;
  const windows = all.flatMap(({ line }) => /window (\S+ \S+)/.exec(line)?.[1] ?? []);
  const steps = all.map(({ betweenCuts }) => betweenCuts);
  process.stdout.write(
    `${what}: ${torn} of ${all.length} torn; pairs written between the snapshots ${Math.min(...steps)} to ${Math.max(...steps)}; windows ${windows.join(', ')}\n`,
  );
}
