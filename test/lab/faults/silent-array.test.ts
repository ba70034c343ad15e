import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { needs } from '../../needs.ts';
import { LAB } from '../end-to-end/kit/needs.ts';
import type { Delays } from '../end-to-end/kit/shims.ts';
import { type EndToEnd, openWorld } from '../end-to-end/kit/world.ts';
import { until } from '../end-to-end/kit/writer.ts';
import { onArrays } from './kit/found.ts';
import { tellRow } from './kit/row.ts';
import { type Scene, sceneOf, topologyOf } from './kit/scene.ts';

const VMS = ['far', 'near'] as const;
type Vm = (typeof VMS)[number];

/** The array that goes on cuts so late that the other has long answered when it falls silent, and guests are still held. */
const SLOW: Delays = { btrfs: 2 };
/** What is promised, and how often a busy machine may take longer. */
const PROMISED = { namedMs: 1_000, endMs: 40_000, signalMs: 5_000, mendMs: 15_000 };
const BUSY = 3;

const logLine = z.object({ at: z.string(), type: z.string(), is: z.string().optional() });

/** `far` has a disk on an array behind an sshd, `near` one on an array that is a program here. Both answer, and then no more. */
needs(...LAB)('an array that is dead from the end of the window on', () => {
  let world: EndToEnd;
  let topology: string;
  const hang = (): string => join(world.lab.folder, 'hang');
  const silent = {
    far: {
      array: 'beta' as const,
      fault: "an array's sshd is stopped when its snapshot is taken",
      die: () => signalSshd('SIGSTOP'),
      revive: () => signalSshd('SIGCONT'),
    },
    near: {
      array: 'gamma' as const,
      fault: "an array's program hangs when its snapshot is taken",
      die: () => writeFileSync(hang(), ''),
      revive: () => rmSync(hang(), { force: true }),
    },
  };
  const signalSshd = (name: NodeJS.Signals): void => {
    for (const pid of world.arrayHost('beta').processes('sshd')) process.kill(pid, name);
  };

  beforeAll(async () => {
    const disks = (vm: Vm) => [
      { address: 'scsi0:0', mount: '/mnt/b', array: silent[vm].array, sizeMb: 32 } as const,
      { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha', sizeMb: 32 } as const,
    ];
    world = await openWorld(
      VMS.map((name) => ({ name, disks: disks(name) })),
      { remote: ['beta'] },
    );
    topology = topologyOf(world, VMS);
    const file = z
      .looseObject({ arrays: z.record(z.string(), z.unknown()) })
      .parse(parse(readFileSync(topology, 'utf8')));
    const gamma = commandArray(world.array('gamma').here, world.lab.folder, hang());
    writeFileSync(topology, stringify({ ...file, arrays: { ...file.arrays, gamma } }));
  });
  const revive = (): void => {
    for (const vm of VMS) {
      silent[vm].revive();
      world.guest(vm).link('up');
    }
  };
  afterEach(revive);
  afterAll(() => world?.close());

  /** A run whose array answers, and is dead when the guests are released. */
  async function started(scene: Scene, vm: Vm, args: readonly string[] = []) {
    const { array, die } = silent[vm];
    const before = onArrays(world, vm)[array] ?? 0;
    const run = world.start(['snapshot', vm, '-t', topology, ...args], { delays: SLOW });
    const cut = (): boolean => (onArrays(world, vm)[array] ?? 0) > before;
    await until(() => cut() && run.cuts().length === 0, 'the array has not cut first');
    // Its answer is on its way back.
    await new Promise((resolve) => setTimeout(resolve, 300));
    die();
    return { run, scene };
  }

  for (const vm of VMS) {
    test(`${vm}: exit 6, and who may be held is known at once: on standard error though quiet, in status, in mend`, async () => {
      const { array, fault } = silent[vm];
      const guest = world.guest(vm);
      const { run, scene } = await started(sceneOf(world, topology, vm), vm, ['--quiet']);
      guest.link('down');
      await run.says(`guest ${vm} may still be held`);
      const status = await scene.stillpoint('status', vm);
      expect(status.stdout.replaceAll(/\s+/g, ' ')).toMatch(
        new RegExp(`${vm} may still be held since .* a run is going on`),
      );
      const { exit, stderr } = await run.ended;
      expect(exit, stderr).toBe(6);
      const { namedMs, endMs } = stamps(vm);
      expect(namedMs).toBeLessThan(BUSY * PROMISED.namedMs);
      expect(endMs).toBeLessThan(PROMISED.endMs + 20_000);

      const began = performance.now();
      const mending = world.start(['mend', vm, '-t', topology]);
      await mending.says(`guest ${vm} could not be asked whether it is still held`);
      const mendMs = Math.round(performance.now() - began);
      expect(mendMs).toBeLessThan(BUSY * PROMISED.mendMs);
      expect((await mending.ended).exit).toBe(6);

      revive();
      await scene.isFree();
      const mend = await scene.mended();
      await scene.goesOn();
      const found = {
        exit,
        state: { run: 'failed', set: 'none' },
        onArrays: {},
        message: stderr.replaceAll(/\s+/g, ' '),
      };
      const says = [new RegExp(`array ${array} could not|it is not known whether array ${array}`)];
      tellRow({
        fault,
        found,
        guests: `named ${namedMs} ms after, by mend after ${mendMs} ms; ended after ${endMs} ms`,
        says,
        mend,
      });
    });

    test(`${vm}: a signal ends it in a few seconds, with what is left named`, async () => {
      const { array } = silent[vm];
      const { run, scene } = await started(sceneOf(world, topology, vm), vm);
      await run.says(`waiting for array ${array}`);
      const began = performance.now();
      run.signal('SIGTERM');
      const { exit, stderr } = await run.ended;
      const tookMs = Math.round(performance.now() - began);
      process.stdout.write(`${vm}: ended ${tookMs} ms after SIGTERM\n`);
      expect(tookMs).toBeLessThan(BUSY * PROMISED.signalMs);
      expect(exit, stderr).toBe(143);
      expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`array ${array}: .* stillpoint mend -t \\S+ ${vm}`));
      revive();
      await scene.isFree();
      await scene.mended();
      await scene.goesOn();
    });
  }

  /** Of the last run of this VM, by its own log: from the end of the window on. */
  function stamps(vm: Vm): { readonly namedMs: number; readonly endMs: number } {
    const runs = join(world.home, 'runs');
    const [run = ''] = readdirSync(runs)
      .filter((name) => name.startsWith(`${vm}-`))
      .sort()
      .reverse();
    const lines = readFileSync(join(runs, run, 'log.jsonl'), 'utf8')
      .trim()
      .split('\n');
    const events = lines.map((line) => logLine.parse(JSON.parse(line)));
    const atMs = (type: string, is?: string): number =>
      Date.parse(events.find((event) => event.type === type && event.is === is)?.at ?? '');
    const closedMs = atMs('window', 'closed');
    return { namedMs: atMs('may-be-held') - closedMs, endMs: atMs('outcome') - closedMs };
  }
});

/** An array of cloned files, in commands; whatever looks or removes hangs as long as the file `hang` is there. */
function commandArray(root: string, folder: string, hang: string): unknown {
  const program = join(folder, 'arraycli');
  writeFileSync(
    program,
    `#!/bin/sh
cd ${root} && mkdir -p .stillpoint || exit 1
[ "$1" = take ] || while [ -e ${hang} ]; do sleep 0.2; done
case $1 in
  take) cp --reflink=always -- "$2" ".stillpoint/$3" ;;
  list) ls -i .stillpoint ;;
  remove) rm -- ".stillpoint/$2" ;;
esac
`,
  );
  chmodSync(program, 0o755);
  return {
    driver: 'command',
    local: true,
    answers: 'cut',
    snapshot: { run: [program, 'take', '<volume>', '<snapshot>'] },
    name: '<label>-<volume>',
    find: { run: [program, 'list'], row: '^ *(?<id>\\d+) (?<snapshot>sp[a-z2-7]{13}-(?<volume>\\S+))$' },
    remove: { run: [program, 'remove', '<snapshot>'], gone: 'No such file' },
  };
}
