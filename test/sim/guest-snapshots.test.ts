import { describe, expect, test } from 'vitest';
import { EXIT } from '../../src/base/fault.ts';
import { proofOf } from '../../src/ui/drawing.ts';
import { planLines } from '../../src/ui/plan.ts';
import { DIED, mortal } from './mortal.ts';
import { type Shop, shop } from './shop.ts';

/** mail01 by a guest snapshot, db01 held; each on its own LUN of `fast`, both boot disks on `bulk`. */
describe('a run with a guest snapshot', () => {
  test('is good, says that each VM has its own instant, and leaves no guest snapshot', async () => {
    const world = await shop({ mail01Point: {} });
    const { exit, manifest, line } = await world.run();
    expect(exit).toBe(EXIT.done);
    expect(manifest?.verdict).toMatchObject({ level: 'filesystem', oneInstant: true, instant: 'per-vm' });
    expect(manifest?.plan.instant).toBe('per-vm');
    expect(line).toContain('each VM at its own instant');
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

  test('is told of in the plan, and not shown as a hold', async () => {
    const world = await shop({ mail01Point: {} });
    const { manifest } = await world.run();
    if (manifest === undefined) throw new Error('no set');
    const plan = planLines(manifest.plan, { render: ({ message }) => message, all: false }).join('\n');
    expect(plan).toContain('no: in a guest snapshot');
    expect(plan).toContain('will not be at one instant');
    expect(proofOf(manifest.window)).toBeUndefined();
    const held = await (await shop()).run();
    expect(held.manifest && proofOf(held.manifest.window)).toContain('this is the proof');
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

/** The same process, killed before its step `at`. */
async function killed(world: Shop, at: number): Promise<void> {
  const life = mortal(at);
  const around = { around: life.array, aroundGuest: life.guest, aroundPoint: life.point, aroundFiles: life.files };
  const end = Promise.race([world.start(around), life.died]);
  await expect(world.clock.drive(end)).rejects.toBe(DIED);
}

describe('mend, after a run with a guest snapshot was killed', () => {
  test('at any of its steps: no guest snapshot stands, whatever became of the set', async () => {
    const counted = mortal();
    const whole = await shop({ mail01Point: {} });
    await whole.run({
      around: counted.array,
      aroundGuest: counted.guest,
      aroundPoint: counted.point,
      aroundFiles: counted.files,
    });
    const stood: number[] = [];
    for (let at = 0; at < counted.steps(); at += 1) {
      const world = await shop({ mail01Point: {} });
      await killed(world, at);
      await world.clock.pass(130_000);
      if (world.points().length > 0) stood.push(at);
      const first = await world.mend();
      expect([0, 3], `killed at ${at}: ${first.left.join()}`).toContain(first.exit);
      expect(world.points(), `killed at ${at}`).toEqual([]);
      await world.clock.pass(130_000);
      expect(await world.mend(), `killed at ${at}`).toMatchObject({ exit: 0, left: [] });
    }
    // Between begin and conclude lies most of a run: the kills met it.
    expect(stood.length).toBeGreaterThan(20);
  });

  test('says what stays where it cannot be removed, and removes it the next time', async () => {
    const world = await shop({ mail01Point: { removalsFail: 2 } });
    expect((await world.run()).fault?.code).toBe('run.guest-snapshot-stands');
    const first = await world.mend();
    expect(first.exit).toBe(EXIT.weaker);
    expect(first.left.join()).toContain('guest mail01: its guest snapshot could not be removed');
    expect(world.points()).toHaveLength(1);
    const second = await world.mend();
    expect(second.mended).toEqual([expect.objectContaining({ kind: 'guest-snapshots' })]);
    expect(second.exit).toBe(EXIT.done);
    expect(world.points()).toEqual([]);
  });

  test('does not call a VM clean while a snapshot of it may still come, and removes it when it has', async () => {
    const world = await shop({ mail01Point: { begin: 'late' } });
    const report = await world.run();
    expect(report.because.join()).toContain('guest mail01: its guest snapshot could not be removed');
    expect((await world.mend()).left.join()).toContain('a snapshot task is going on');
    await world.clock.pass(900_000);
    expect(world.points()).toHaveLength(1);
    expect(await world.mend()).toMatchObject({ exit: 0, left: [] });
    expect(world.points()).toEqual([]);
  });

  test('changes nothing when it only looks', async () => {
    const world = await shop({ mail01Point: { removalsFail: 1 } });
    await world.run();
    const report = await world.mend('look');
    expect(report.mended).toEqual([expect.objectContaining({ kind: 'guest-snapshots' })]);
    expect(world.points()).toHaveLength(1);
  });

  test('names a VM whose method the topology no longer has', async () => {
    const world = await shop({ mail01Point: { removalsFail: 1 } });
    await world.run();
    const report = await world.mend('mend', { guests: ['db01'] });
    expect(report.exit).toBe(EXIT.weaker);
    expect(report.left.join()).toContain('guest mail01');
    expect(world.points()).toHaveLength(1);
  });
});
