import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/base/fault.ts';
import { shop } from './shop.ts';

/** mail01 by a guest snapshot, db01 held; each on its own LUN of `fast`, both boot disks on `bulk`. */
describe('a run with a guest snapshot', () => {
  test('is good, says that each VM has its own instant, and leaves no guest snapshot', async () => {
    const world = await shop({ mail01Point: {} });
    const { exit, manifest, line } = await world.run();
    expect(exit).toBe(EXIT.done);
    expect(manifest?.verdict).toMatchObject({ level: 'filesystem', oneInstant: true, instant: 'per-vm' });
    expect(manifest?.plan.instant).toBe('per-vm');
    expect(line).toContain('an instant of each VM');
    expect(manifest?.window.guestSnapshots?.map(({ vm, gives }) => [vm, gives])).toEqual([['mail01', 'filesystem']]);
    expect(world.points()).toEqual([]);
  });

  test('contains the guest snapshot: it stood before the first fire, and went after the verdict', async () => {
    const world = await shop({ mail01Point: {} });
    const { manifest } = await world.run();
    const [point] = manifest?.window.guestSnapshots ?? [];
    const first = Math.min(...(manifest?.window.fires.map(({ sentAtMs }) => sentAtMs) ?? []));
    expect(point?.standsAtMs).toBeLessThan(first);
    const steps = world.events.flatMap((event) => (event.type === 'step' ? [event.step] : []));
    expect(steps.indexOf('guest-snapshots')).toBeLessThan(steps.indexOf('window'));
  });

  test('is refused in the plan where the group asks for one instant', async () => {
    const world = await shop({ mail01Point: {}, groupKeys: 'instant: group' });
    const report = await world.run();
    expect(report.exit).toBe(EXIT.notPrepared);
    expect(report.fault?.code).toBe('plan.instant-per-vm');
    expect(world.onArrays()).toEqual([]);
  });

  test.each(['refused', 'half', 'lost'] as const)('leaves nothing where it is %s, and holds nobody', async (begin) => {
    const world = await shop({ mail01Point: { begin } });
    const report = await world.run();
    expect(report.exit).toBe(EXIT.notPrepared);
    expect(world.points()).toEqual([]);
    expect(world.onArrays()).toEqual([]);
    expect(world.events.some((event) => event.type === 'guest' && event.is === 'holding')).toBe(false);
  });

  test('is no better than what was read back of the guest snapshot', async () => {
    const world = await shop({ mail01Point: { begin: 'unquiesced' } });
    const { exit, manifest } = await world.run();
    expect(exit).toBe(EXIT.weaker);
    expect(manifest?.verdict.level).toBe('crash');
    expect(manifest?.verdict.because.join()).toContain('guest mail01: it was not quiesced');
  });

  test('gives everything up where somebody removes the guest snapshot during the run', async () => {
    const world = await shop({ mail01Point: {} });
    const report = await world.run({
      interruptAt: (event) => {
        if (event.type === 'window' && event.is === 'closed') world.meddle();
        return false;
      },
    });
    expect(report.exit).toBe(EXIT.windowFailed);
    expect(world.onArrays()).toEqual([]);
  });

  test('is good, and says so with another exit code, where the guest snapshot cannot be removed', async () => {
    const world = await shop({ mail01Point: { removalsFail: 1 } });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'good', exit: EXIT.weaker });
    expect(report.fault?.code).toBe('run.guest-snapshot-stands');
    expect(world.points()).toHaveLength(1);
  });

  test('a signal before the window takes the guest snapshot away', async () => {
    const world = await shop({ mail01Point: {} });
    const report = await world.run({ interruptAt: (event) => event.type === 'guest' && event.is === 'snapshotted' });
    expect(report.exit).toBe(130);
    expect(world.points()).toEqual([]);
  });
});
