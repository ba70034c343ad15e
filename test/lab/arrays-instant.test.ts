import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { labelIn } from '../../src/label.ts';
import type { CutLabel, DeviceKey } from '../../src/model.ts';
import type { ArmedCut, ArrayDriver, Shell } from '../../src/ports.ts';
import { localShell } from '../../src/transport/local.ts';
import { type Need, needs } from '../needs.ts';
import { until } from '../wire/kit/processes.ts';
import { BTRFS, type LinuxMake, type LoopFileSystem, loopFileSystem, XFS } from './arrays-linux.ts';
import { lead, type Spot, startWriter } from './arrays-writer.ts';

const DEVICE = 'naa.6d0' as DeviceKey;
const FAR = 96 * 2 ** 20;
const ROUNDS = 25;

// btrfs takes what was flushed, at one instant; what was not may be there or not, as after a power loss. A reflink clone
// holds both.
onRealDisk(BTRFS, 'mkfs.btrfs', 'flushed');
onRealDisk(XFS, 'mkfs.xfs', 'unflushed');

function onRealDisk(make: LinuxMake, program: Need, how: 'flushed' | 'unflushed'): void {
  needs(
    'root',
    'linux',
    'loop',
    program,
  )(`one volume of ${make.name}`, () => {
    let disk: LoopFileSystem;
    let root: string;
    beforeAll(() => {
      disk = loopFileSystem(make);
      root = join(disk.mount, 'array');
      make.makeRoot(root);
      make.makeVolume(join(root, 'lun0'));
      const image = make.image(join(root, 'lun0'));
      writeFileSync(image, '');
      truncateSync(image, FAR + 4096);
    });
    afterAll(() => disk?.close());
    const driver = (shell: () => Shell = localShell): ArrayDriver =>
      make.driver(root, {
        clock: systemClock,
        shell: async () => shell(),
        volumes: [{ name: 'lun0', device: DEVICE }],
      });

    test(`is cut at one instant of its ${how} writes, ${ROUNDS} times, and a plain copy is not`, async () => {
      const image = make.image(join(root, 'lun0'));
      const spots = (file: string): readonly [Spot, Spot] => [
        { file, at: 0 },
        { file, at: FAR },
      ];
      const writer = await startWriter(spots(image), how);
      const array = driver();
      const seen: { readonly lead: number; readonly count: number }[] = [];
      const copied: number[] = [];
      try {
        for (let round = 0; round < ROUNDS; round++) {
          const armed = await arm(array, label(round));
          expect((await armed.fire(soon())).map(({ kind }) => kind)).toEqual(['cut']);
          const { taken } = await armed.collect(soon());
          for (const snapshot of taken) {
            seen.push(lead(spots(make.image(join(root, '.stillpoint', snapshot.name)))));
            await array.remove(snapshot, soon());
          }
          if (round >= 5) continue;
          execFileSync('cp', ['--reflink=never', '--sparse=never', image, join(disk.mount, 'copy')]);
          copied.push(lead(spots(join(disk.mount, 'copy'))).lead);
        }
      } finally {
        await writer.stop();
        await array.close();
      }
      expect(seen).toHaveLength(ROUNDS);
      expect(seen.filter((one) => one.lead !== 0 && one.lead !== 1)).toEqual([]);
      // The writer went on all the time: between any two snapshots it wrote.
      expect(new Set(seen.map(({ count }) => count)).size).toBe(ROUNDS);
      expect(copied.some((one) => one < 0)).toBe(true);
    });

    test('that was replaced since the plan is not cut, whether it happened before arming or after', async () => {
      const array = driver();
      const planned = await units(array);
      const armed = await array.arm(planned, label(100), soon());
      await make.destroy(join(root, 'lun0'));
      make.makeVolume(join(root, 'lun0'));
      writeFileSync(make.image(join(root, 'lun0')), 'another');
      expect((await faultOf(armed.recheck(soon()))).code).toBe('array.volume-changed');
      expect((await faultOf(array.arm(planned, label(101), soon()))).code).toBe('array.volume-changed');
      await make.destroy(join(root, 'lun0'));
      expect((await faultOf(array.arm(planned, label(102), soon()))).code).toBe('array.volume-changed');
      make.makeVolume(join(root, 'lun0'));
      writeFileSync(make.image(join(root, 'lun0')), 'as made');
      await array.close();
    });

    test('whose line to the array ended before the fire is refused for certain', async () => {
      const array = driver();
      const armed = await arm(array, label(110));
      await array.close();
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [fired] = await armed.fire(soon());
      expect(fired).toMatchObject({ kind: 'refused', why: { code: 'array.line-lost' } });
      expect(await driver().find(label(110), soon())).toEqual([]);
    });
  });
}

needs(
  'root',
  'linux',
  'loop',
  'mkfs.xfs',
)('a clone that was not finished', () => {
  let disk: LoopFileSystem;
  let root: string;
  let folder: string;
  beforeAll(() => {
    disk = loopFileSystem(XFS);
    root = join(disk.mount, 'array');
    folder = join(root, '.stillpoint');
    XFS.makeRoot(root);
    writeFileSync(join(root, 'lun0'), 'the whole content');
    mkdirSync(join(disk.mount, 'bin'));
    // Half of it, then nothing for a while: what a clone of very many extents looks like from outside. Probes are left alone.
    writeFileSync(
      join(disk.mount, 'bin', 'cp'),
      `#!/bin/sh
case $4 in *-probe-b) exec /usr/bin/cp "$@" ;; esac
head -c 8 "$3" >"$4"
echo $$ >'${disk.mount}/pid'
exec sleep 30
`,
    );
    chmodSync(join(disk.mount, 'bin', 'cp'), 0o755);
  });
  afterAll(() => disk?.close());
  const slow = (): ArrayDriver =>
    XFS.driver(root, {
      clock: systemClock,
      shell: async () => localShell({ env: { ...process.env, PATH: `${disk.mount}/bin:${process.env.PATH}` } }),
      volumes: [{ name: 'lun0', device: DEVICE }],
    });
  const pid = (): Promise<number> =>
    until(
      'cp runs',
      () => existsSync(join(disk.mount, 'pid')) && Number(readFileSync(join(disk.mount, 'pid'), 'utf8')),
    );

  test('because it was killed is refused, and nothing of it is left', async () => {
    const array = slow();
    const armed = await arm(array, label(120));
    const firing = armed.fire(soon());
    process.kill(await pid(), 'SIGKILL');
    expect(await firing).toMatchObject([{ kind: 'refused' }]);
    expect(await armed.collect(soon())).toEqual({ taken: [], settled: true });
    expect(readdirSync(folder)).toEqual([]);
    await array.close();
  });

  test('is unknown, is no snapshot for anybody, and goes with disarm', async () => {
    const array = slow();
    const armed = await arm(array, label(121));
    expect(await armed.fire(soon(500))).toMatchObject([{ kind: 'unknown' }]);
    expect(readdirSync(folder)).toHaveLength(1);
    expect(await armed.collect(soon())).toEqual({ taken: [], settled: false });
    expect(await slow().findAll(soon())).toEqual([]);
    await slow().disarm(label(121), soon());
    expect(readdirSync(folder)).toEqual([]);
    await array.close();
  });
});

async function units(array: ArrayDriver) {
  const found = await array.locate([DEVICE], soon());
  return array.group([...found.values()], soon());
}

async function arm(array: ArrayDriver, name: CutLabel): Promise<ArmedCut> {
  return array.arm(await units(array), name, soon());
}

function soon(ms = 10_000): Deadline {
  return deadline(systemClock, ms, 'the test');
}

/** A label a round. */
function label(round: number): CutLabel {
  const digits = [...round.toString(8).padStart(13, '0')].map((digit) => 'abcdefgh'[Number(digit)]).join('');
  const found = labelIn(`sp${digits}`);
  if (found === undefined) throw new Error(`no label for ${round}`);
  return found;
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (thrown instanceof Fault) return thrown;
  throw new Error('it did not fail with a fault', { cause: thrown });
}
