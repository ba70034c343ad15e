import { constants } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { found } from '../faults/kit/found.ts';
import { stoodStill, tellRow } from '../faults/kit/row.ts';
import { sceneOf } from '../faults/kit/scene.ts';
import { tapped } from '../killsweep/tap.ts';
import { LATE_MS } from '../kit/holding.ts';
import { LAB } from './kit/needs.ts';
import type { VmDisk } from './kit/orders.ts';
import type { Delays } from './kit/shims.ts';
import { type EndToEnd, openWorld } from './kit/world.ts';
import { longestGapMs, type PairWriter, startPairWriter, until } from './kit/writer.ts';

const WINDOW_MS = 4000;
/** Long enough inside the window for whatever is to happen there. */
const SLOW: Delays = { cp: 1.5 };
/** By then a command that outlives its run has taken its snapshot: 2.5 s after it was asked to. */
const LATER_MS = 4000;
const STEPS = ['before the first hold', 'inside the window', 'after the window'] as const;
type Step = (typeof STEPS)[number];

const DISKS: readonly VmDisk[] = [
  { address: 'scsi0:0', mount: '/mnt/b', array: 'beta' },
  { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha' },
];
const VMS = ['int', 'term', 'hup', 'pipe', 'kill', 'link'] as const;
type Vm = (typeof VMS)[number];

needs(...LAB)('a run that is interrupted', () => {
  let world: EndToEnd;
  let topology: string;
  const writers = new Map<Vm, PairWriter>();

  beforeAll(async () => {
    world = await openWorld(VMS.map((name) => ({ name, disks: DISKS })));
    const group = (vm: Vm) => ({ vms: [vm], window: `${WINDOW_MS / 1000}s` });
    topology = world.topology('all', { groups: Object.fromEntries(VMS.map((vm) => [vm, group(vm)])) });
    for (const vm of VMS) writers.set(vm, await startPairWriter(world.guest(vm), ['/mnt/a', '/mnt/b']));
  });
  afterAll(async () => {
    for (const writer of writers.values()) await writer.stop();
    await world?.close();
  });

  const writerIn = (vm: Vm): PairWriter => {
    const writer = writers.get(vm);
    if (writer === undefined) throw new Error(`nobody writes in ${vm}`);
    return writer;
  };
  const take = (vm: Vm, delays: Delays = SLOW, env = {}) =>
    world.start(['snapshot', vm, '-t', topology], { delays, env });
  const stillpoint = (...args: readonly string[]) => world.run([...args, '-t', topology]);
  /** Also half-made ones: they have the volume's name too. Others' are at work on the same arrays. */
  const onArrays = (vm: Vm): readonly string[] =>
    (['alpha', 'beta'] as const).flatMap((array) =>
      world.snapshotsOn(array).filter((name) => name.includes(`-${vm}-`)),
    );

  /** Nothing of it is frozen, nothing of the holder is left in it, and its writer goes on. */
  async function isFree(vm: Vm): Promise<void> {
    const guest = world.guest(vm);
    for (const disk of guest.disks.values()) expect(await disk.thaw()).toBe('EINVAL');
    await until(() => guest.processes().length === 0, `something of the holder is left in ${vm}`);
    const before = writerIn(vm).doneUs().length;
    await until(() => writerIn(vm).doneUs().length > before + 3, `${vm} does not write`);
  }

  async function reaches(run: ReturnType<typeof take>, step: Step): Promise<void> {
    if (step === 'before the first hold') return run.says('preparing the arrays');
    if (step === 'after the window') return run.says('the window is closed');
    await until(() => run.cuts().length > 0, 'no array was cut');
  }

  describe.concurrent('by a signal', () => {
    for (const [vm, signal] of [
      ['int', 'SIGINT'],
      ['term', 'SIGTERM'],
      ['hup', 'SIGHUP'],
    ] as const) {
      test(`${signal} at each step: exit ${128 + constants.signals[signal]}, nobody held, nothing on the arrays, a second one changes nothing`, async ({
        expect,
      }) => {
        for (const step of STEPS) {
          const run = take(vm);
          await reaches(run, step);
          run.signal(signal);
          await new Promise((resolve) => setTimeout(resolve, 50));
          run.signal('SIGTERM');
          const { exit, stdout, stderr } = await run.ended;
          expect({ step, exit, stdout }, stderr).toEqual({ step, exit: 128 + constants.signals[signal], stdout: '' });
          expect(stderr).toContain(`error: interrupted by ${signal}`);
          expect(stderr.includes('being held')).toBe(step !== 'before the first hold');
          expect(onArrays(vm)).toEqual([]);
          await isFree(vm);
        }
      });
    }

    test('a reader that goes away at each step ends nothing: the set is good', async ({ expect }) => {
      for (const [nth, step] of STEPS.entries()) {
        const run = take('pipe');
        await reaches(run, step);
        run.closeOutput();
        const { exit } = await run.ended;
        expect(exit, (await stillpoint('list', 'pipe', '--runs')).stdout).toBe(0);
        expect(onArrays('pipe')).toHaveLength(2 * (nth + 1));
        await isFree('pipe');
      }
      const { stdout } = await stillpoint('list', 'pipe');
      expect(stdout.match(/filesystem/g)).toHaveLength(STEPS.length);
    });
  });

  describe('by SIGKILL, between the first hold and the last release', () => {
    let run: string;

    test('its guest writes again by the end of its lease', async () => {
      const killed = take('kill', { cp: 2.5 });
      await until(() => killed.cuts().length > 0, 'no array was cut');
      killed.signal('SIGKILL');
      const at = Date.now() * 1000;
      const { signal } = await killed.ended;
      expect(signal).toBe('SIGKILL');
      await until(() => (writerIn('kill').doneUs().at(-1) ?? 0) > at, 'it does not write', WINDOW_MS + LATE_MS);
      await isFree('kill');
      tell('killed', writerIn('kill'));
    });

    test('the run is told as failed, with how far it came', async () => {
      const { stdout } = await stillpoint('list', '--runs', '--json');
      run = /"id": ?"(kill-\d{8}T\d{6}Z-[0-9a-f]{4})"/.exec(stdout)?.[1] ?? '';
      const [line] = (await stillpoint('list', '--runs')).stdout.split('\n').filter((text) => text.startsWith(run));
      expect(line).toContain('failed');
      const shown = (await stillpoint('show', run)).stdout.replace(/\s+/g, ' ');
      expect(shown).toContain('crashed or was killed');
      expect(shown).toContain('inside its window');
      expect(shown).toContain('It may have left');
    });

    test('its commands have died with it: what they were about to take does not come', async () => {
      await new Promise((resolve) => setTimeout(resolve, LATER_MS));
      expect(onArrays('kill')).toEqual([expect.stringContaining('-kill-scsi0-1')]);
    });

    test('the next run is not kept waiting, and names what is left', async () => {
      const next = await stillpoint('snapshot', 'kill');
      expect(next.exit, next.stderr).toBe(0);
      expect(next.stderr).toMatch(new RegExp(`warning: array alpha: 1 snapshot of run ${run} is still there`));
      expect(next.stderr).not.toContain('warning: array beta');
      expect(next.stderr).toMatch(new RegExp(`stillpoint remove -t \\S+ ${run}`));
    });

    test('what is left is removed by name, and nothing else; what may still appear is said', async () => {
      expect(onArrays('kill')).toHaveLength(3);
      const removed = await stillpoint('remove', run, '--yes');
      expect(onArrays('kill')).toHaveLength(2);
      // An array may carry out a request for a while after whoever sent it has died.
      expect(removed.exit).toBe(3);
      expect(removed.stderr.replace(/\s+/g, ' ')).toMatch(/may still appear until [-\d]+ \d\d:\d\d:\d\d/);
      expect((await stillpoint('list', 'kill')).stdout.match(/filesystem/g)).toHaveLength(1);
    });

    test('mend need not ask its guest, which the next run has held and let go, and says what may still appear', async () => {
      const { exit, stdout, stderr } = await stillpoint('mend', 'kill');
      expect(exit, stdout + stderr).toBe(3);
      expect(stdout).not.toContain('guest kill');
      expect(stdout.replace(/\s+/g, ' ')).toMatch(/may still appear until [-\d]+ \d\d:\d\d:\d\d/);
    });

    test('a killed run whose snapshots all came is kept by mend, which hears that its guest writes, as a weak set', async () => {
      const killed = take('kill', {}, tapped({ dieAt: 'before rename runs/RUN/window.json #1' }));
      expect((await killed.ended).signal).toBe('SIGKILL');
      const mended = await stillpoint('mend', 'kill');
      expect(mended.stdout.replaceAll(/\s+/g, ' '), mended.stderr).toContain(
        'with no record of when they were taken: kept as a weak set',
      );
      expect(mended.stdout).toContain('guest kill writes');
      expect((await stillpoint('list', 'kill')).stdout).toContain('unproven, weak');
      const [weak = ''] = /kill-\d{8}T\d{6}Z-[0-9a-f]{4}/.exec(mended.stdout) ?? [];
      expect((await stillpoint('show', weak)).stdout).toContain('no record of who was held');
      expect(onArrays('kill')).toHaveLength(4);
      await isFree('kill');
    });
  });

  test('a guest whose link is cut inside the window: exit 6 names it, when it lets go, and what to type there', async () => {
    const cut = take('link');
    await until(() => cut.cuts().length > 0, 'no array was cut');
    world.guest('link').link('down');
    const ended = await cut.ended;
    const { exit, stderr } = ended;
    world.guest('link').link('up');
    expect(exit, stderr).toBe(6);
    const after = await found(world, topology, 'link', ended);
    const said = stderr.replace(/\s+/g, ' ');
    expect(said).toContain('error: guest link may still be held');
    expect(said).toMatch(/its lease ended at \d\d:\d\d:\d\d/);
    expect(said).toMatch(/on link: fsfreeze --unfreeze \/mnt\/[ab]; fsfreeze --unfreeze \/mnt\/[ab] /);
    await isFree('link');
    const mend = await sceneOf(world, topology, 'link').mended();
    expect(mend).toContain('guest link writes');
    const gapMs = longestGapMs(writerIn('link'));
    expect(gapMs).toBeGreaterThan(WINDOW_MS / 2);
    expect(gapMs).toBeLessThan(WINDOW_MS + LATE_MS);
    const says = [/guest link may still be held: it did not confirm its release; its lease ended at TIME/];
    tellRow({ fault: "the guest's link is cut", found: after, guests: stoodStill(gapMs), says, mend });
  });
});

function tell(what: string, writer: PairWriter): void {
  process.stdout.write(`${what}: its guest stood still for ${longestGapMs(writer)} ms\n`);
}
