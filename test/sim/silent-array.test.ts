import { describe, expect, test } from 'vitest';
import { groupStatus } from '../../src/catalog/status.ts';
import { listRuns } from '../../src/catalog/store.ts';
import type { RunReport } from '../../src/flows/snapshot/run-parts.ts';
import type { ArrayDriver, RunEvent } from '../../src/ports.ts';
import { type Shop, type ShopRun, shop } from './shop.ts';

const SILENT_GUEST = { lineLostAfterMs: 60, lineEnds: 'silent' } as const;
const never = new Promise<never>(() => {});

/** From this event on nothing of array `bulk` answers, nor obeys a limit. */
function deafFrom(world: Shop, isEvent: (event: RunEvent) => boolean): Pick<ShopRun, 'behind'> {
  const isDeaf = (): boolean => world.events.some(isEvent);
  const unlessDeaf = <T>(work: () => Promise<T>): Promise<T> => (isDeaf() ? never : work());
  return {
    behind: (driver: ArrayDriver): ArrayDriver =>
      driver.id !== 'bulk'
        ? driver
        : {
            ...driver,
            async arm(...how) {
              const cut = await driver.arm(...how);
              return { ...cut, collect: (limit) => unlessDeaf(() => cut.collect(limit)) };
            },
            disarm: (...how) => unlessDeaf(() => driver.disarm(...how)),
            find: (...how) => unlessDeaf(() => driver.find(...how)),
            findAll: (...how) => unlessDeaf(() => driver.findAll(...how)),
            remove: (...how) => unlessDeaf(() => driver.remove(...how)),
          },
  };
}

const isClosed = (event: RunEvent): boolean => event.type === 'window' && event.is === 'closed';
const isStep = (event: RunEvent, step: string): boolean => event.type === 'step' && event.step === step;

function closedAtMs(world: Shop): number {
  const closed = world.events.find(isClosed);
  return closed?.type === 'window' ? closed.atMs : Number.NaN;
}

async function ran(world: Shop, how: ShopRun = {}): Promise<{ readonly report: RunReport; readonly tookMs: number }> {
  const report = await world.clock.drive(world.start({ ...deafFrom(world, isClosed), ...how }));
  return { report, tookMs: world.clock.now() - closedAtMs(world) };
}

describe('an array that never answers again once the guests are released', () => {
  test('costs the set, and half a minute; what it may still have is named, and mend’s', async () => {
    const world = await shop();
    const { report, tookMs } = await ran(world);
    expect(report).toMatchObject({ state: 'failed', exit: 5, remains: [{ array: 'bulk', names: [] }] });
    expect(report.fault?.hint).toContain('stillpoint mend mail');
    expect(tookMs).toBeLessThanOrEqual(31_000);
    // Nothing of it is left where it was answered.
    expect(world.fast.objects()).toEqual([]);
  });

  test('costs half a minute, and no longer than that, also where it had answered until it is to give back', async () => {
    const world = await shop();
    world.fast.failFire('fast-pg', { kind: 'refused' });
    const { report, tookMs } = await ran(
      world,
      deafFrom(world, (event) => isStep(event, 'clean-up')),
    );
    expect(report).toMatchObject({ state: 'failed', exit: 5, remains: [{ array: 'bulk' }] });
    expect(tookMs).toBeLessThanOrEqual(31_000);
  });

  test('keeps nobody from hearing at once who may still be held, nor the state folder from knowing it', async () => {
    const world = await shop({ mail01: SILENT_GUEST });
    const known: string[] = [];
    const { report, tookMs } = await ran(world, {
      interruptAt(event) {
        if (isStep(event, 'clean-up')) void status(world).then((vms) => known.push(...vms));
        return false;
      },
    });
    const told = world.events.findIndex(({ type }) => type === 'may-be-held');
    expect(world.events[told]).toMatchObject({
      vms: ['mail01'],
      message: expect.stringContaining('releases itself within'),
    });
    expect(told).toBeLessThan(world.events.findIndex((event) => isStep(event, 'collect')));
    expect(known).toEqual(['mail01']);
    expect(report).toMatchObject({ exit: 6, mayBeHeld: ['mail01'], fault: { code: 'guest.may-be-held' } });
    expect(tookMs).toBeLessThanOrEqual(31_000);
  });

  test.each([0, 3_000, 20_000])(
    'does not outlive a signal that comes %i ms later by more than five seconds',
    async (afterMs) => {
      const world = await shop();
      const { report, tookMs } = await ran(world, {
        interruptAt: (event) => isClosed(event) && afterMs,
      });
      expect(tookMs).toBeLessThanOrEqual(afterMs + 5_000);
      // One that comes while it is being looked for ends the run; one that comes later only its clean-up.
      expect(report).toMatchObject({ state: 'failed', exit: afterMs < 15_000 ? 130 : 5, remains: [{ array: 'bulk' }] });
      expect(world.fast.objects()).toEqual([]);
    },
  );

  test('does not keep a good set from being one when it stops only then: what was prepared there is said', async () => {
    const world = await shop();
    const { report, tookMs } = await ran(
      world,
      deafFrom(world, (event) => isStep(event, 'seal')),
    );
    expect(report).toMatchObject({ state: 'good', exit: 0 });
    expect(tookMs).toBeLessThanOrEqual(31_000);
    const said = world.events.flatMap((event) => (event.type === 'finding' ? [event.finding.message] : []));
    expect(said.join()).toContain('what was prepared there could not be taken away');
  });

  test('is asked for one old set, and not for all of them', async () => {
    const before = await shop({ keepLast: 3 });
    for (let taken = 0; taken < 3; taken += 1) expect((await before.run()).exit).toBe(0);
    const world = await shop({ keepLast: 1, files: before.state.files });
    await world.clock.pass(3_600_000);
    const { report, tookMs } = await ran(
      world,
      deafFrom(world, (event) => isStep(event, 'retention')),
    );
    expect(report).toMatchObject({ state: 'good', exit: 0 });
    expect(tookMs).toBeLessThanOrEqual(61_000);
    const said = world.events.flatMap((event) => (event.type === 'finding' ? [event.finding] : []));
    expect(said.filter(({ code }) => code === 'retention.left')).toHaveLength(1);
  });
});

async function status(world: Shop): Promise<readonly string[]> {
  const runs = await listRuns(world.state);
  const running = new Set(runs.map(({ id }) => id));
  const { mayBeHeld } = groupStatus({ group: 'mail', runs, running, now: world.clock.date() });
  return mayBeHeld.flatMap(({ vms }) => vms);
}
