import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { writeLedger } from '../../src/cli/ledger/writer.ts';
import type { Shell } from '../../src/ports.ts';
import { needs } from '../needs.ts';
import type { LabGuest } from './kit/guest.ts';
import { openChannel, within } from './kit/holding.ts';
import { type Lab, openLab } from './kit/lab.ts';
import { btrfsArray, cutBoth, judge, reflinkArray, type Trial, type TrialArray } from './kit/ledger-trial.ts';
import { GUEST } from './kit/needs.ts';

/** Between the cut of one array and that of the other. */
const APART_MS = 80;
/** Fewer between the cuts, and a trial without a hold shows nothing: it is told, and not counted. */
const LEAST_ROUNDS = 3;
/** In each order. `STILLPOINT_PROOF=full`: 200 of each kind in both orders together. */
const TRIALS = process.env.STILLPOINT_PROOF === 'full' ? 100 : 20;
const PATIENCE_MS = 900_000;

needs(
  ...GUEST,
  'mkfs.xfs',
  'mkfs.btrfs',
)(`two real arrays that are cut ${APART_MS} ms apart while the ledger is written in a guest`, () => {
  let lab: Lab;
  let guest: LabGuest;
  let shell: Shell;
  let arrays: readonly [TrialArray, TrialArray];
  const stop = new AbortController();
  let written: ReturnType<typeof writeLedger>;
  let trials = 0;

  beforeAll(async () => {
    lab = openLab();
    arrays = [btrfsArray(lab, '/mnt/a'), reflinkArray(lab, '/mnt/b')];
    const mounts = Object.fromEntries(arrays.map(({ mount, lun }) => [mount, { image: lun }]));
    guest = await lab.guest('ledger', { mounts });
    shell = await guest.shell(within(10_000));
    const order = { folders: arrays.map(({ mount }) => mount), everyMs: 0, slots: 512 };
    await new Promise<void>((resolve, reject) => {
      const told = {
        clock: systemClock,
        stop: stop.signal,
        mayRaise: false,
        onBegun: () => resolve(),
        onProgress() {},
      };
      written = writeLedger(shell, order, told, within(20_000));
      written.catch(reject);
    });
  });
  afterAll(async () => {
    stop.abort();
    await written;
    await shell.close();
    await lab.close();
  });

  /** In both orders, until so many of each count; those that do not must be few. */
  async function inBothOrders(counts: (trial: Trial) => boolean, once: Once): Promise<readonly Trial[]> {
    const [a, b] = arrays;
    const all: Trial[] = [];
    for (const order of [[a, b] as const, [b, a] as const]) {
      const own: Trial[] = [];
      while (own.filter(counts).length < TRIALS) {
        expect(own.length, 'so many trials that show nothing').toBeLessThan(TRIALS * 1.5);
        trials += 1;
        own.push(await once(order, `trial-${trials}`));
      }
      all.push(...own);
    }
    return all;
  }

  test(
    'shows more than nine of ten unheld pairs to be no instant, whichever array is cut first',
    async () => {
      const all = await inBothOrders(wentOn, async (order, name) => ({
        ...(await cutBoth(guest, order, name, APART_MS)),
        report: await judge(arrays, name),
      }));
      const counted = all.filter(wentOn);
      tell('not held', all, counted);
      for (const { name } of arrays) {
        const own = counted.filter(({ first }) => first === name);
        expect(own).toHaveLength(TRIALS);
        expect(own.filter(isViolated).length).toBeGreaterThan(own.length * 0.9);
      }
      // Of each, the array that was cut first is the one that is behind.
      for (const { first, report } of counted.filter(isViolated)) {
        expect(report.volumes.flatMap(({ volume, missing }) => (missing > 0 ? [volume] : []))).toEqual([first]);
      }
    },
    PATIENCE_MS,
  );

  test(
    'shows no held pair to be torn, and the writer to have stood still in between',
    async () => {
      const all = await inBothOrders(always, async (order, name) => {
        const channel = await openChannel(shell, guest, { mounts: arrays.map(({ mount }) => mount) });
        try {
          await channel.flush(within(10_000));
          await channel.hold(8000, within(10_000));
          const cut = await cutBoth(guest, order, name, APART_MS);
          expect(await channel.release('taken', within(10_000))).toEqual({ kind: 'kept' });
          return { ...cut, report: await judge(arrays, name) };
        } finally {
          await channel.release('taken', within(10_000));
          await channel.close();
        }
      });
      tell('held', all, all);
      expect(all.map(({ rounds }) => rounds)).toEqual(all.map(() => 0));
      expect(all.filter(({ report }) => report.answer !== 'one-instant').map(({ report }) => report)).toEqual([]);
      // It went on in between: every set is an instant of its own.
      expect(new Set(all.map(({ report }) => report.highest)).size).toBe(all.length);
    },
    PATIENCE_MS,
  );
});

type Once = (order: readonly [TrialArray, TrialArray], name: string) => Promise<Trial>;

function wentOn({ rounds }: Trial): boolean {
  return rounds >= LEAST_ROUNDS;
}

function always(): boolean {
  return true;
}

function isViolated({ report }: Trial): boolean {
  return report.answer === 'violated';
}

/** For docs/tested.md, and for whoever looks at a run of CI. */
function tell(what: string, all: readonly Trial[], counted: readonly Trial[]): void {
  const orders = [...new Set(all.map(({ first }) => first))].map((name) => {
    const own = counted.filter(({ first }) => first === name);
    return `${name} first: ${own.filter(isViolated).length} of ${own.length} violated`;
  });
  const range = (values: readonly number[]): string =>
    `${Math.round(Math.min(...values))} to ${Math.round(Math.max(...values))}`;
  process.stdout.write(
    `${what}: ${orders.join(', ')}; ${all.length - counted.length} not counted; rounds between the cuts ${range(all.map(({ rounds }) => rounds))}, ms ${range(all.map(({ apartMs }) => apartMs))}; a round takes ${range(all.map(({ report }) => report.roundMs ?? 0))} ms\n`,
  );
}
