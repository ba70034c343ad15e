import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { LAB } from '../end-to-end/kit/needs.ts';
import { type EndToEnd, openWorld } from '../end-to-end/kit/world.ts';
import type { Found } from './kit/found.ts';
import { fillBut, type Room } from './kit/room.ts';
import { tellRow } from './kit/row.ts';
import { DISKS, insideWindow, type Scene, SLOW, sceneOf, topologyOf } from './kit/scene.ts';

const VMS = ['before', 'after', 'intent', 'window', 'manifest'] as const;
const NOTHING = { alpha: 0, beta: 0 };
const WHOLE = { alpha: 1, beta: 1 };
const NEVER = 'never stood still';
const IN_TIME = 'let go in time';
const UNSEALED = [
  /every snapshot of RUN is on its array under LABEL, and its manifest could not be written/,
  /ENOSPC: no space left on device/,
  /Make room in the state folder, then seal what was taken: stillpoint mend/,
];

needs(...LAB)('what a run leans on, and that fails in its middle', () => {
  let world: EndToEnd;
  let topology: string;

  beforeAll(async () => {
    world = await openWorld(VMS.map((name) => ({ name, disks: DISKS })));
    topology = topologyOf(world, VMS);
  });
  afterAll(() => world?.close());

  async function recovers(scene: Scene): Promise<string> {
    await scene.isFree();
    const mend = await scene.mended();
    await scene.goesOn();
    return mend;
  }

  test('vCenter gone before the window: exit 4, nobody is held', async () => {
    const scene = sceneOf(world, topology, 'before');
    const run = scene.start();
    await run.says('preparing the arrays');
    await world.vcsim.stop();
    const after = await scene.found(await run.ended);
    expect(after).toMatchObject({ exit: 4, state: { run: 'failed', set: 'none' }, onArrays: NOTHING });
    expect(after.said).not.toContain('being held');
    const noVcenter = await scene.stillpoint('mend', 'before');
    expect(noVcenter.exit, noVcenter.stderr).toBe(0);
    await world.restartVcenter();
    const mend = await recovers(scene);
    const says = [/nothing listens on port \d+/, /See whether [^.]+/];
    tellRow({ fault: 'vCenter is gone before the window', found: after, guests: NEVER, says, mend });
  });

  test('vCenter gone after the guests were held: every snapshot is there, and the set is weak, exit 3', async () => {
    const scene = sceneOf(world, topology, 'after');
    const run = scene.start({ delays: SLOW });
    await insideWindow(run);
    await world.vcsim.stop();
    const after = await scene.found(await run.ended);
    expect(after).toMatchObject({ exit: 3, state: { run: 'weak', set: 'weak' }, onArrays: WHOLE });
    expect(after.said).toContain('released; hold confirmed');
    expect(after.said).toMatch(/warning: vSphere: \S+ nothing listens on port \d+/);
    await world.restartVcenter();
    const mend = await recovers(scene);
    const says = [/it could not be read again whether the disks stayed where they were/];
    tellRow({ fault: 'vCenter is gone when the window ends', found: after, guests: IN_TIME, says, mend });
  });

  describe('the disk of its state folder, full', () => {
    let home: string;
    beforeAll(async () => {
      home = world.lab.disk('state', { sizeMb: 64 }).here;
      for (const vm of ['intent', 'window', 'manifest']) await sceneOf(world, topology, vm, { home }).goesOn();
    });

    /** A run that finds the disk full at some time, and what came of it when there is room again. */
    async function ran(vm: string, fillsUp: (run: ReturnType<Scene['start']>, room: Room) => Promise<void>) {
      const scene = sceneOf(world, topology, vm, { home });
      const room = fillBut(home, 1);
      try {
        const run = scene.start({ delays: SLOW });
        await fillsUp(run, room);
        const ended = await run.ended;
        const whileFull = await scene.stillpoint('mend', vm);
        room.free();
        return { scene, whileFull, after: await scene.found(ended) };
      } finally {
        room.free();
      }
    }

    test('before the intent: exit 4, nothing is touched', async () => {
      const scene = sceneOf(world, topology, 'intent', { home });
      const room = fillBut(home, 1);
      try {
        await room.fill();
        const ended = await scene.start().ended;
        room.free();
        const after = await scene.found(ended);
        expect(after.exit, after.said).toBe(4);
        expect(after.said).not.toContain('preparing the arrays');
        expect(after.state.set).toBe('none');
        const mend = await recovers(scene);
        const says = [/no lock can be taken in \S+ ENOSPC: no space left on device/, /Make room on that file system/];
        const fault = "the state folder's disk is full when the run begins";
        tellRow({ fault, found: { ...after, onArrays: {} }, guests: NEVER, says, mend });
      } finally {
        room.free();
      }
    });

    test('when the window is over: every snapshot is there, exit 5 with what to do, and mend seals them when there is room', async () => {
      const { scene, whileFull, after } = await ran('window', async (run, room) => {
        await insideWindow(run);
        await room.fill();
      });
      unsealed(after);
      // Whether the disk is full before the window's record is written, or only before the manifest, is a matter of milliseconds.
      expect(after.said).toMatch(/warning: state folder: the (run's journal|result of the run) could not be written/);
      expect(whileFull).toMatchObject({ exit: 4, stderr: expect.stringContaining('Make room on that file system') });
      const mend = await recovers(scene);
      expect(mend).toMatch(/all 2 snapshots are there.*: kept as a weak set/);
      const fault = "the state folder's disk is full when the window is over";
      tellRow({ fault, found: { ...after, onArrays: WHOLE }, guests: IN_TIME, says: UNSEALED, mend });
    });

    test('when the manifest is written: the same', async () => {
      const { scene, whileFull, after } = await ran('manifest', async (run, room) => {
        await insideWindow(run);
        world.vcsim.signal('SIGSTOP');
        try {
          await run.says('looking again where the disks lie');
          await room.fill();
        } finally {
          world.vcsim.signal('SIGCONT');
        }
      });
      unsealed(after);
      expect(whileFull).toMatchObject({ exit: 4, stderr: expect.stringContaining('Make room on that file system') });
      const mend = await recovers(scene);
      // Whether what the run had judged still found room decides which of the two it is.
      expect(mend).toMatch(
        /all 2 snapshots are there(.*: kept as a weak set|, and the run had proved them: sealed as a good set)/,
      );
      const fault = "the state folder's disk is full when the manifest is written";
      tellRow({ fault, found: { ...after, onArrays: WHOLE }, guests: IN_TIME, says: UNSEALED, mend });
    });
  });
});

/** Made once before, so that there is one set more of it. */
function unsealed(after: Found): void {
  expect(after.exit, after.said).toBe(5);
  expect(after.state.set).toBe('none');
  expect(after.onArrays).toEqual({ alpha: 2, beta: 2 });
  for (const wanted of UNSEALED) expect(after.message).toMatch(wanted);
}
