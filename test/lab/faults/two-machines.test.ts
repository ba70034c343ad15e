import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { LAB } from '../end-to-end/kit/needs.ts';
import { type EndToEnd, openWorld, otherHome, type RunOptions } from '../end-to-end/kit/world.ts';
import { found, onArrays } from './kit/found.ts';
import { tellRow } from './kit/row.ts';
import { DISKS, insideWindow, type Scene, SLOW, sceneOf, topologyOf } from './kit/scene.ts';

const VMS = ['mail', 'web', 'db'] as const;

/**
 * Two controllers, each with a network, a host name and a state folder of its own; one vCenter, the same guests and arrays.
 * They share no lock: only the guest knows of both.
 */
needs(...LAB)('two runs from two machines', () => {
  let world: EndToEnd;
  let topology: string;
  const machines: RunOptions[] = [];
  const on = (machine: 0 | 1, vm: (typeof VMS)[number]): Scene => sceneOf(world, topology, vm, machines[machine] ?? {});

  beforeAll(async () => {
    // The controller's own address on the first guest's side: the second machine has a way there too.
    world = await openWorld(
      VMS.map((name) => ({ name, disks: DISKS })),
      { vcenterAddress: '10.77.1.1' },
    );
    // A second run needs a while to come so far that it asks the guest.
    topology = topologyOf(world, VMS, 20_000);
    const places = [world.lab.inController, world.lab.secondController()];
    for (const [nth, place] of places.entries()) {
      const name = `backup${nth + 1}`;
      const named = ['unshare', '-u', 'sh', '-c', `hostname ${name} && exec "$@"`, 'sh'];
      machines.push({ home: otherHome(world, name), through: (argv) => place([...named, ...argv]) });
    }
  });
  afterAll(() => world?.close());

  test('one after the other, both make good sets', async () => {
    for (const machine of [0, 1] as const) await on(machine, 'web').goesOn();
  });

  test('the second comes while the first holds the guest: exit 10 names the run and its machine, and the first is not disturbed', async () => {
    const run = on(0, 'mail').start({ delays: { cp: 13 } });
    await insideWindow(run);
    const second = on(1, 'mail');
    const after = await second.found(await second.start().ended);
    const { exit, stdout, stderr } = await run.ended;
    expect(exit, stderr).toBe(0);
    const first = stdout.split(' ')[0] ?? '';
    expect(after).toMatchObject({ exit: 10, state: { run: 'failed', set: 'none' } });
    expect(after.said).toContain(`by run ${first} of root@backup1`);
    expect(onArrays(world, 'mail')).toEqual({ alpha: 1, beta: 1 });
    const mend = await second.mended();
    await second.goesOn();
    const says = [/guest mail: .* is held, or about to be, by run \S+ of root@backup1/];
    const fault = 'a second machine comes while the first holds the guest';
    tellRow({ fault, found: { ...after, onArrays: {} }, guests: 'held by the first only', says, mend });
  });

  test('both at once, three times: each makes a whole set or ends with 10, and nothing else is on the arrays', async () => {
    let made = Object.values(onArrays(world, 'web')).reduce((sum, count) => sum + count, 0) / DISKS.length;
    for (let round = 0; round < 3; round++) {
      const runs = [on(0, 'web').start(), on(1, 'web').start()];
      const ends = await Promise.all(runs.map(({ ended }) => ended));
      for (const { exit, stderr } of ends) expect([0, 10], stderr).toContain(exit);
      made += ends.filter(({ exit }) => exit === 0).length;
      expect(onArrays(world, 'web')).toEqual({ alpha: made, beta: made });
    }
  });

  test("the first is killed while it holds the guest: the second works, names what is not its own, and leaves it for the first's mend", async () => {
    const run = on(0, 'db').start({ delays: SLOW });
    await insideWindow(run);
    process.kill(run.pid, 'SIGKILL');
    await run.ended;
    const second = on(1, 'db');
    await second.goesOn();
    const foreign = await second.mended();
    expect(foreign).toContain(
      'Snapshots with a Stillpoint label that this state folder does not know (left alone; to list them: mend --rebuild):',
    );
    expect(onArrays(world, 'db')).toEqual({ alpha: 2, beta: 1 });
    const first = on(0, 'db');
    const after = await found(world, topology, 'db', { ...(await run.ended), exit: null }, machines[0]);
    // Its array may still carry out what it was sent, as far as anybody can tell.
    const mend = await first.mended(3);
    expect(mend).toContain('taken back: alpha:');
    expect(onArrays(world, 'db')).toEqual({ alpha: 1, beta: 1 });
    await first.isFree();
    const fault = 'a machine is killed while it holds the guest; another one goes on';
    tellRow({ fault, found: { ...after, onArrays: { alpha: 1 } }, guests: 'let go at once', says: [], mend });
  });
});
