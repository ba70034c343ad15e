import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { LAB } from '../end-to-end/kit/needs.ts';
import type { RunOptions } from '../end-to-end/kit/world.ts';
import { type EndToEnd, openWorld } from '../end-to-end/kit/world.ts';
import { longestGapMs, until } from '../end-to-end/kit/writer.ts';
import type { LabGuest } from '../kit/guest.ts';
import { LATE_MS } from '../kit/holding.ts';
import type { Found } from './kit/found.ts';
import { fillBut } from './kit/room.ts';
import { stoodStill, tellRow } from './kit/row.ts';
import { insideWindow, type Scene, sceneOf, topologyOf, WINDOW_MS } from './kit/scene.ts';

const VMS = ['hangs', 'slow', 'late', 'fills', 'full'] as const;
type Vm = (typeof VMS)[number];

const NOTHING = { alpha: 0, beta: 0, gamma: 0 };
/** So much of `gamma` is free when a run begins: enough to be prepared. */
const LEFT_MB = 8;

/** Every VM has a disk on `alpha`, which does what it should, and one on an array that does not. */
needs(...LAB)('an array that fails in the middle of a run', () => {
  let world: EndToEnd;
  let topology: string;

  beforeAll(async () => {
    const disks = (vm: Vm) => [
      { address: 'scsi0:0', mount: '/mnt/b', array: vm === 'hangs' ? 'beta' : 'gamma', sizeMb: 32 } as const,
      { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha', sizeMb: 32 } as const,
    ];
    const orders = VMS.map((name) => ({ name, disks: disks(name) }));
    world = await openWorld(orders, { remote: ['beta'], luns: 'thick', arrayMb: { gamma: 512 } });
    topology = topologyOf(world, VMS);
  });
  afterAll(() => world?.close());

  /** A run while its guest writes. */
  async function ran(
    scene: Scene,
    options: RunOptions = {},
    meanwhile?: (run: ReturnType<Scene['start']>) => Promise<void>,
  ): Promise<{ readonly after: Found; readonly gapMs: number }> {
    return scene.busy(async (writer) => {
      const run = scene.start(options);
      await meanwhile?.(run);
      return { after: await scene.found(await run.ended), gapMs: longestGapMs(writer) };
    });
  }

  describe.concurrent('in time', () => {
    test('one whose command never comes back: exit 5, its guest is let go in time, and nothing is left running on the array', async ({
      expect,
    }) => {
      const scene = sceneOf(world, topology, 'hangs');
      const host = world.arrayHost('beta');
      const hang = hangingClones(host);
      const { after, gapMs } = await ran(scene);
      expect(after).toMatchObject({ exit: 5, state: { run: 'failed', set: 'none' }, onArrays: NOTHING });
      expect(gapMs).toBeLessThan(WINDOW_MS);
      await until(() => host.processes().length === 0, 'the command still runs on the array', 3000);
      await scene.isFree();
      const mend = await scene.mended(3);
      expect(mend).toMatch(/an answer is missing, so that a snapshot may still appear until TIME/);
      rmSync(hang);
      await scene.goesOn();
      const says = [
        /array beta: the snapshot of hangs-scsi0-0 was asked for, and no answer came in time/,
        /one may still appear until TIME/,
        /What it may have left is looked for, and removed, by: stillpoint mend hangs/,
      ];
      const fault = "an array's command hangs past the window";
      tellRow({ fault, found: after, guests: stoodStill(gapMs), says, mend });
    });

    test('one that is slow, inside the window: a good set', async ({ expect }) => {
      const scene = sceneOf(world, topology, 'slow');
      const { after, gapMs } = await ran(scene, { delays: { cp: 1.5 } });
      expect(after).toMatchObject({ exit: 0, state: { run: 'good', set: 'good' } });
      expect(after.onArrays).toEqual({ ...NOTHING, alpha: 1, gamma: 1 });
      await scene.isFree();
      const mend = await scene.mended();
      await scene.goesOn();
      const fault = 'an array takes 1.5 s, and the window is 4 s';
      tellRow({ fault, found: after, guests: stoodStill(gapMs), says: [], mend });
    });

    test('one that is slower than the window: its guest is let go in time, the set is weak, exit 3', async ({
      expect,
    }) => {
      const scene = sceneOf(world, topology, 'late');
      const { after, gapMs } = await ran(scene, { delays: { cp: WINDOW_MS / 1000 + 2 } });
      expect(after).toMatchObject({ exit: 3, state: { run: 'weak', set: 'weak' } });
      expect(after.onArrays).toEqual({ ...NOTHING, alpha: 1, gamma: 1 });
      expect(gapMs).toBeLessThan(WINDOW_MS + LATE_MS);
      await scene.isFree();
      const mend = await scene.mended();
      await scene.goesOn();
      const says = [/array gamma did not say in time that it had taken its snapshot of late-scsi0-0/];
      const fault = 'an array takes 6 s, and the window is 4 s';
      tellRow({ fault, found: after, guests: stoodStill(gapMs), says, mend });
    });
  });

  describe('in room', () => {
    test('one that fills up inside the window: exit 5, nothing is kept anywhere, and it says what to do', async () => {
      const scene = sceneOf(world, topology, 'fills');
      const room = fillBut(world.array('gamma').here, LEFT_MB);
      try {
        const { after, gapMs } = await ran(scene, { delays: { cp: 1.5 } }, async (run) => {
          await insideWindow(run);
          await room.fill();
        });
        expect(after).toMatchObject({ exit: 5, code: 'array.full', onArrays: NOTHING });
        expect(after.state).toEqual({ run: 'failed', set: 'none' });
        await scene.isFree();
        const mend = await scene.mended();
        room.free();
        await scene.goesOn();
        const says = [
          /^array gamma: snapshot of fills-scsi0-0 refused/,
          /No space left on device/,
          /Make room on its file system: remove old sets, or grow it/,
        ];
        const fault = 'an array fills up inside the window';
        tellRow({ fault, found: after, guests: stoodStill(gapMs), says, mend });
      } finally {
        room.free();
      }
    });

    test('one that is full when the run begins: exit 4, nobody is held, and it says that it is full', async () => {
      const scene = sceneOf(world, topology, 'full');
      const room = fillBut(world.array('gamma').here, LEFT_MB);
      try {
        await room.fill();
        const { after } = await ran(scene);
        expect(after).toMatchObject({ exit: 4, code: 'array.full', onArrays: NOTHING });
        expect(after.said).not.toContain('being held');
        await scene.isFree();
        const mend = await scene.mended();
        room.free();
        await scene.goesOn();
        const says = [/array gamma: files in \S+ cannot be cloned: .*No space left on device/, /Make room [^.]+/];
        tellRow({ fault: 'an array is full', found: after, guests: 'never stood still', says, mend });
      } finally {
        room.free();
      }
    });
  });
});

/**
 * Its `cp` does what it always does, but a clone of a LUN does not come to an end as long as the file is there whose name
 * is answered.
 */
function hangingClones(host: LabGuest): string {
  const inHost = (path: string): string => `/proc/${host.pid}/root${path}`;
  host.run('mount', '-t', 'tmpfs', 'tmpfs', '/usr/local');
  host.run('mkdir', '/usr/local/bin');
  writeFileSync(inHost('/run/hang'), '');
  const program = inHost('/usr/local/bin/cp');
  writeFileSync(
    program,
    `#!/bin/sh
case "$*" in
  *-probe-*) ;;
  '--reflink=always '*) while [ -e /run/hang ]; do sleep 0.2; done ;;
esac
exec /usr/bin/cp "$@"
`,
  );
  chmodSync(program, 0o755);
  return inHost('/run/hang');
}
