import { afterAll, beforeAll, describe, test } from 'vitest';
import { needs } from '../../needs.ts';
import { LAB } from '../end-to-end/kit/needs.ts';
import { type EndToEnd, openWorld } from '../end-to-end/kit/world.ts';
import { longestGapMs } from '../end-to-end/kit/writer.ts';
import type { LabGuest } from '../kit/guest.ts';
import { LATE_MS, processOf } from '../kit/holding.ts';
import { stoodStill, tellRow } from './kit/row.ts';
import { DISKS, insideWindow, type Scene, SLOW, sceneOf, topologyOf, WINDOW_MS, writesAfter } from './kit/scene.ts';

const VMS = ['session', 'holder', 'watch', 'freezer', 'paused', 'asleep', 'controller'] as const;

const MAY_BE_HELD = [
  /guest \S+ may still be held: it did not confirm its release/,
  /Look whether it writes again \(stillpoint mend asks it\)/,
  /on \S+: fsfreeze --unfreeze \/mnt\/b; fsfreeze --unfreeze \/mnt\/a/,
];
const NOT_PROVED = /its hold is not proved to have lasted until its release \(fsfreeze: [^)]+\)/;
const WHOLE = { alpha: 1, beta: 1 };

needs(...LAB)('a guest, its holder or the controller that fails in the middle of a run', () => {
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

  describe.concurrent('inside the window', () => {
    for (const { vm, fault, victims, exit, says } of [
      {
        vm: 'session',
        fault: "the guest's sshd sessions are killed",
        // The listener comes first.
        victims: (guest: LabGuest) => guest.processes('sshd').slice(1),
        exit: 6,
        says: MAY_BE_HELD,
      },
      {
        vm: 'holder',
        fault: "the holder's own process is killed",
        victims: (guest: LabGuest) => [processOf(guest, 'stillpoint-P')],
        exit: 6,
        says: MAY_BE_HELD,
      },
      {
        vm: 'watch',
        fault: "the holder's lease process is killed",
        victims: (guest: LabGuest) => [processOf(guest, 'stillpoint-W')],
        exit: 3,
        says: [NOT_PROVED],
      },
    ] as const) {
      test(`${fault}: its guest writes at once, the set is weak, exit ${exit}`, async ({ expect }) => {
        const scene = sceneOf(world, topology, vm);
        const { stillMs, after } = await scene.busy(async (writer) => {
          const run = scene.start({ delays: SLOW });
          await insideWindow(run);
          const at = Date.now();
          for (const pid of victims(world.guest(vm))) process.kill(pid, 'SIGKILL');
          return { stillMs: await writesAfter(writer, at, LATE_MS), after: await scene.found(await run.ended) };
        });
        expect(after).toMatchObject({ exit, state: { run: 'weak', set: 'weak' }, onArrays: WHOLE });
        const mend = await recovers(scene);
        if (exit === 6) expect(mend).toContain(`guest ${vm} writes`);
        tellRow({ fault, found: after, guests: `wrote again ${stillMs} ms after`, says, mend });
      });
    }

    for (const { vm, fault, pauseMs, exit, says } of [
      {
        vm: 'paused',
        fault: 'the guest is paused past its lease, and wakes while its word is waited for',
        pauseMs: WINDOW_MS + 500,
        exit: 3,
        // Its watch may find the lease over, or the word that waits for it: whichever comes first.
        says: [/\(fsfreeze: (?:the lease ended|its word came after its lease had ended)\)/],
      },
      {
        vm: 'asleep',
        fault: 'the guest is paused for longer than anybody waits',
        pauseMs: WINDOW_MS + 5000,
        exit: 6,
        says: MAY_BE_HELD,
      },
    ] as const) {
      test(`${fault}: it writes as soon as it wakes, the set is weak, exit ${exit}`, async ({ expect }) => {
        const scene = sceneOf(world, topology, vm);
        const guest = world.guest(vm);
        const { stillMs, after } = await scene.busy(async (writer) => {
          const run = scene.start({ delays: SLOW });
          await insideWindow(run);
          signalAll(guest, 'SIGSTOP');
          await new Promise((resolve) => setTimeout(resolve, pauseMs));
          signalAll(guest, 'SIGCONT');
          return { stillMs: await writesAfter(writer, Date.now(), LATE_MS), after: await scene.found(await run.ended) };
        });
        expect(after).toMatchObject({ exit, state: { run: 'weak', set: 'weak' }, onArrays: WHOLE });
        const mend = await recovers(scene);
        if (exit === 6) expect(mend).toContain(`guest ${vm} writes`);
        tellRow({ fault, found: after, guests: `wrote again ${stillMs} ms after it woke`, says, mend });
      });
    }

    test('the controller is stopped past the lease: its guest lets go by itself, and the set is weak', async ({
      expect,
    }) => {
      const scene = sceneOf(world, topology, 'controller');
      const { gapMs, after } = await scene.busy(async (writer) => {
        const run = scene.start({ delays: SLOW });
        await insideWindow(run);
        process.kill(run.pid, 'SIGSTOP');
        const at = Date.now();
        await writesAfter(writer, at, WINDOW_MS + LATE_MS);
        await new Promise((resolve) => setTimeout(resolve, at + WINDOW_MS + LATE_MS - Date.now()));
        process.kill(run.pid, 'SIGCONT');
        return { gapMs: longestGapMs(writer), after: await scene.found(await run.ended) };
      });
      expect(gapMs).toBeLessThan(WINDOW_MS + LATE_MS);
      expect(after).toMatchObject({ exit: 3, state: { run: 'weak', set: 'weak' }, onArrays: WHOLE });
      const mend = await recovers(scene);
      const fault = 'the controller is stopped past the lease, and goes on';
      tellRow({ fault, found: after, guests: stoodStill(gapMs), says: [/did not say in time/, NOT_PROVED], mend });
    });
  });

  test("the holder's freezer is killed before the hold: nothing is held, nothing is cut, exit 4", async ({
    expect,
  }) => {
    const scene = sceneOf(world, topology, 'freezer');
    const after = await scene.busy(async () => {
      const run = scene.start();
      await run.says('connecting to the guests');
      // Whoever asks where the disks lie waits: the run does not come to its window.
      world.vcsim.signal('SIGSTOP');
      try {
        await run.says('looking once more that nothing has changed');
        process.kill(processOf(world.guest('freezer'), 'stillpoint-F'), 'SIGKILL');
      } finally {
        world.vcsim.signal('SIGCONT');
      }
      return scene.found(await run.ended);
    });
    expect(after).toMatchObject({ exit: 4, state: { run: 'failed', set: 'none' }, onArrays: { alpha: 0, beta: 0 } });
    const mend = await recovers(scene);
    const says = [/the holder ended before it was told to hold: the holder’s freezer was killed/, /Look in [^.]+/];
    const fault = "the holder's freezer is killed before the hold";
    tellRow({ fault, found: after, guests: 'never stood still', says, mend });
  });
});

/** Every process of the guest, its first and its sshd too. */
function signalAll(guest: LabGuest, name: NodeJS.Signals): void {
  for (const pid of [guest.pid, ...guest.processes('sshd'), ...guest.processes()]) process.kill(pid, name);
}
