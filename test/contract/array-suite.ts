import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { settle } from '../../src/base/gather.ts';
import { labelIn } from '../../src/label.ts';
import type { ArraySnapshot, CutLabel, CutUnit, DeviceKey } from '../../src/model.ts';
import type { ArmedCut, ArrayDriver, Fired } from '../../src/ports.ts';
import { patient } from '../patience.ts';
import type { ArrayLab, LabFault } from './array-lab.ts';

const LABEL = label('spaaaaaaaaaaaaa');
const OTHER = label('spbbbbbbbbbbbbb');
const STRANGER = 'naa.6000000000000000000000000000dead' as DeviceKey;

/**
 * What every array driver has to show. Its own test brings an array to show it on.
 *
 * @param options.faults what can befall a fire of this make
 * @param options.oneUnit the make cuts all its volumes at one instant
 */
export function arraySuite(
  name: string,
  open: () => Promise<ArrayLab>,
  options: { readonly faults: readonly LabFault[]; readonly oneUnit?: boolean },
) {
  describe(name, () => {
    let lab: ArrayLab;
    let drivers: ArrayDriver[] = [];
    let spoken: string[] = [];

    beforeEach(async () => {
      lab = await open();
      spoken = [];
    });
    afterEach(async () => {
      await Promise.all(drivers.map((driver) => driver.close()));
      drivers = [];
      await lab.close();
      if (lab.secret !== undefined) expect(spoken.join('\n')).not.toContain(lab.secret);
    });

    function driver(made = lab.driver()): ArrayDriver {
      drivers.push(made);
      return made;
    }

    function soon(ms = patient(15_000)): Deadline {
      return deadline(lab.clock, ms, 'the test');
    }

    /** As long as the others take to answer, while one does not. */
    function patience(): number {
      return lab.patienceMs ?? 400;
    }

    async function units(array: ArrayDriver): Promise<readonly CutUnit[]> {
      const volumes = await array.locate(lab.devices, soon());
      return array.group(
        lab.devices.flatMap((device) => volumes.get(device) ?? []),
        soon(),
      );
    }

    async function arm(array: ArrayDriver, label: CutLabel): Promise<ArmedCut> {
      return array.arm(await units(array), label, soon());
    }

    /** Everything from nothing: three snapshots under this label. */
    async function take(array: ArrayDriver, label: CutLabel): Promise<readonly ArraySnapshot[]> {
      const armed = await arm(array, label);
      expect(kinds(await armed.fire(soon()))).toEqual(armed.units.map(() => 'cut'));
      const { taken, settled } = await armed.collect(soon());
      expect(settled).toBe(true);
      return taken;
    }

    async function faultOf(work: Promise<unknown>): Promise<Fault> {
      const thrown = await work.then(
        () => expect.fail('it succeeded'),
        (reason: unknown) => reason,
      );
      expect(thrown).toBeInstanceOf(Fault);
      const fault = thrown as Fault;
      spoken.push(fault.message, fault.hint ?? '', String(fault.stack), JSON.stringify(fault.cause ?? ''));
      return fault;
    }

    test('it says which of the devices are its own, and is silent about others', async () => {
      const array = driver();
      const found = await array.locate([...lab.devices, STRANGER], soon());
      expect([...found.keys()].sort()).toEqual([...lab.devices].sort());
      for (const volume of found.values()) {
        expect(volume.array).toBe(array.id);
        expect(volume.sizeBytes).toBeGreaterThan(0n);
      }
      expect(new Set([...found.values()].map((volume) => volume.id)).size).toBe(lab.devices.length);
    });

    test('its units have the same ids whenever it is asked, and by whichever process', async () => {
      const [first, second] = [await units(driver()), await units(driver())];
      expect(second).toEqual(first);
      expect(first.flatMap((unit) => unit.volumes)).toHaveLength(lab.devices.length);
      expect(first).toHaveLength(options.oneUnit === true ? 1 : lab.devices.length);
    });

    test('a sound array has nothing to complain of', async () => {
      const findings = await driver().check(soon());
      expect(findings.filter((finding) => finding.severity !== 'note')).toEqual([]);
    });

    test('arming changes nothing that find can see', async () => {
      const array = driver();
      const armed = await arm(array, LABEL);
      await armed.recheck(soon());
      expect(await array.find(LABEL, soon())).toEqual([]);
      expect(await array.findAll(soon())).toEqual([]);
    });

    test('a label that stands on the array already is not armed again', async () => {
      const taken = await take(driver(), LABEL);
      expect((await faultOf(arm(driver(), LABEL))).code).toBe('array.label-in-use');
      expect(byName(await driver().find(LABEL, soon()))).toEqual(byName(taken));
    });

    test('a fresh driver takes away by label what arming made', async () => {
      const before = await lab.objects();
      await (await arm(driver(), LABEL)).recheck(soon());
      expect(await driver().disarm(LABEL, soon())).toEqual([]);
      expect(await lab.objects()).toEqual(before);
      expect(await driver().disarm(LABEL, soon()), 'and twice').toEqual([]);
    });

    test('the recheck forecasts how long the fire will take', async () => {
      const array = driver();
      const { forecastMs } = await (await arm(array, LABEL)).recheck(soon());
      expect(forecastMs).toBeGreaterThan(0);
      expect(forecastMs).toBeLessThan(8_000);
    });

    test('a snapshot holds what the volume held at that instant, not what came after', async () => {
      for (const index of lab.devices.keys()) await lab.write(index, `before ${index}`);
      const taken = await take(driver(), LABEL);
      for (const index of lab.devices.keys()) await lab.write(index, `after ${index}`);
      expect((await Promise.all(taken.map(lab.read))).sort()).toEqual(['before 0', 'before 1', 'before 2']);
    });

    test('what was taken carries the label, its source and an id of its own', async () => {
      const array = driver();
      const volumes = await array.locate(lab.devices, soon());
      const taken = await take(array, LABEL);
      expect(taken.map((snapshot) => snapshot.label)).toEqual([LABEL, LABEL, LABEL]);
      const named = (list: Iterable<{ id: string; name: string }>) =>
        [...list].map(({ id, name: one }) => `${id} ${one}`).sort();
      expect(named(taken.map(({ source }) => source))).toEqual(named(volumes.values()));
      if (array.traits.tells.id) expect(new Set(taken.map(({ id }) => id)).size).toBe(taken.length);
      if (!array.traits.tells.time) return;
      for (const { createdAt } of taken) {
        expect(Math.abs(lab.clock.date().getTime() - Date.parse(createdAt ?? ''))).toBeLessThan(60_000);
      }
    });

    test('another process finds the very same', async () => {
      const taken = await take(driver(), LABEL);
      expect(byName(await driver().find(LABEL, soon()))).toEqual(byName(taken));
    });

    test('two drivers at once take what is theirs and find what is theirs', async () => {
      const [one, two] = [driver(), driver()];
      const armed = await Promise.all([arm(one, LABEL), arm(two, OTHER)]);
      const fired = await Promise.all(armed.map((cut) => cut.fire(soon())));
      expect(fired.flatMap(kinds)).toEqual(armed.flatMap((cut) => cut.units.map(() => 'cut')));
      for (const [array, label] of [
        [one, OTHER],
        [two, LABEL],
      ] as const) {
        expect((await array.find(label, soon())).map((snapshot) => snapshot.label)).toEqual([label, label, label]);
      }
      expect(await one.findAll(soon())).toHaveLength(6);
    });

    test('firing a second time sends nothing a second time', async () => {
      const armed = await arm(driver(), LABEL);
      const first = await armed.fire(soon());
      const { taken } = await armed.collect(soon());
      expect(await armed.fire(soon())).toEqual(first);
      expect(byName((await armed.collect(soon())).taken)).toEqual(byName(taken));
    });

    test('aborted before sending, it takes nothing and says so', async () => {
      const array = driver();
      const armed = await arm(array, LABEL);
      const before = await lab.objects();
      const stop = AbortSignal.abort(new Fault({ code: 'interrupted', message: 'interrupted by INT' }));
      const fired = await armed.fire(deadline(lab.clock, patient(1000), 'the window', stop));
      expect(kinds(fired)).toEqual(armed.units.map(() => 'refused'));
      expect(whys(fired)).toEqual(armed.units.map(() => 'array.not-sent'));
      expect(await armed.collect(soon())).toEqual({ taken: [], settled: true });
      expect(await lab.objects()).toEqual(before);
    });

    test('removing takes away what is named and nothing else, and succeeds a second time', async () => {
      const array = driver();
      const before = await lab.objects();
      const taken = await take(array, LABEL);
      const others = await take(driver(), OTHER);
      await array.disarm(LABEL, soon());
      for (const snapshot of taken) await array.remove(snapshot, soon());
      expect(await array.find(LABEL, soon())).toEqual([]);
      expect(byName(await array.find(OTHER, soon()))).toEqual(byName(others));
      for (const snapshot of taken) await driver().remove(snapshot, soon());
      await array.disarm(OTHER, soon());
      for (const snapshot of others) await array.remove(snapshot, soon());
      expect(await lab.objects()).toEqual(before);
    });

    test('what has our name but is another snapshot is never removed', async () => {
      const array = driver();
      const [first] = await take(array, LABEL);
      if (first === undefined) throw new Error('nothing was taken');
      await lab.replace(first);
      const after = await lab.objects();
      expect((await faultOf(array.remove(first, soon()))).code).toBe('array.not-ours');
      expect(await lab.objects()).toEqual(after);
    });

    test('what is of another source, or does not carry its label, is never removed', async () => {
      const array = driver();
      const [first] = await take(array, LABEL);
      if (first === undefined) throw new Error('nothing was taken');
      const after = await lab.objects();
      const elsewhere = { ...first, source: { id: 'another', name: 'another' } };
      expect((await faultOf(array.remove(elsewhere, soon()))).code).toBe('array.not-ours');
      expect((await faultOf(array.remove({ ...first, label: OTHER }, soon()))).code).toBe('array.not-ours');
      expect(await lab.objects()).toEqual(after);
    });

    test('what is shown of a snapshot are its bytes; find sees nothing new, and afterwards nothing is left', async () => {
      const array = driver();
      if (array.expose === undefined) return expect(lab.shows, 'this make can show nothing').toBe(false);
      for (const index of lab.devices.keys()) await lab.write(index, `before ${index}`);
      const taken = await take(array, LABEL);
      for (const index of lab.devices.keys()) await lab.write(index, `after ${index}`);
      const [before, found] = [await lab.objects(), byName(await array.find(LABEL, soon()))];
      for (const snapshot of taken) {
        const { shell, image, withdraw } = await array.expose(snapshot, soon());
        const { exit, stdout } = await shell.run(['cat', '--', image], { deadline: soon() });
        expect({ exit, stdout }).toEqual({ exit: 0, stdout: await lab.read(snapshot) });
        expect(byName(await driver().find(LABEL, soon()))).toEqual(found);
        await withdraw(soon());
        await withdraw(soon());
        expect(await lab.objects()).toEqual(before);
      }
    });

    test('what is not there, or is another under its name, is not shown', async () => {
      const array = driver();
      if (array.expose === undefined) return expect(lab.shows, 'this make can show nothing').toBe(false);
      const [[first], [second]] = [await take(array, LABEL), await take(driver(), OTHER)];
      if (first === undefined || second === undefined) throw new Error('nothing was taken');
      await lab.replace(first);
      await array.remove(second, soon());
      const before = await lab.objects();
      expect((await faultOf(array.expose(first, soon()))).code).toBe('array.not-ours');
      expect((await faultOf(array.expose(second, soon()))).code).toBe('array.snapshot-gone');
      expect(await lab.objects()).toEqual(before);
    });

    test('every call ends with its deadline when nothing answers', async () => {
      const array = driver();
      const planned = await units(array);
      const armed = await array.arm(planned, LABEL, soon());
      const [snapshot] = await take(driver(), OTHER);
      if (snapshot === undefined) throw new Error('nothing was taken');
      const shown = await array.expose?.(snapshot, soon());
      lab.stall();
      const calls: Record<string, (limit: Deadline) => Promise<unknown>> = {
        check: (limit) => array.check(limit),
        locate: (limit) => array.locate(lab.devices, limit),
        group: (limit) => array.group([], limit),
        arm: (limit) => array.arm(planned, OTHER, limit),
        recheck: (limit) => armed.recheck(limit),
        fire: (limit) => armed.fire(limit),
        collect: (limit) => armed.collect(limit),
        find: (limit) => array.find(LABEL, limit),
        findAll: (limit) => array.findAll(limit),
        remove: (limit) => array.remove(snapshot, limit),
        disarm: (limit) => array.disarm(LABEL, limit),
        expose: async (limit) => array.expose?.(snapshot, limit),
        withdraw: async (limit) => shown?.withdraw(limit),
      };
      for (const [call, start] of Object.entries(calls)) {
        const startedAt = performance.now();
        const end = await start(soon(80)).then(
          () => 'answered',
          (thrown: unknown) => (thrown instanceof Fault ? 'a fault' : thrown),
        );
        expect(['answered', 'a fault'], call).toContain(end);
        expect(performance.now() - startedAt, call).toBeLessThan(patient(3_000));
      }
    });

    const injected = (fault: LabFault, title: string, body: (array: ArrayDriver, armed: ArmedCut) => Promise<void>) => {
      if (!options.faults.includes(fault)) return;
      test(title, async () => {
        const array = driver();
        const armed = await arm(array, LABEL);
        await lab.fail(1, fault, LABEL);
        await body(array, armed);
      });
    };
    const only = (other: Fired['kind'], failed: Fired['kind']) =>
      options.oneUnit === true ? [failed] : [other, failed, other];

    injected('refused', 'one of three refused is told as that one, and the others as taken', async (_, armed) => {
      const fired = await armed.fire(soon());
      expect(kinds(fired)).toEqual(only('cut', 'refused'));
      expect(fired.map(({ unit }) => unit)).toEqual(armed.units);
      const said = fired.find((one) => one.kind === 'refused');
      if (said?.kind === 'refused') spoken.push(said.why.message, said.why.hint ?? '');
      const { taken, settled } = await armed.collect(soon());
      expect(settled).toBe(true);
      expect(taken.length).toBeLessThan(3);
    });

    injected('lost-before', 'no answer is never taken for a no, and never sent again', async (_, armed) => {
      expect(kinds(await armed.fire(soon(patience())))).toEqual(only('cut', 'unknown'));
      expect((await armed.collect(soon())).settled).toBe(false);
      lab.clock.jump(armed.units.length * 1000 + 300_000);
      const { taken, settled } = await armed.collect(soon());
      expect(settled).toBe(true);
      expect(taken).toHaveLength(options.oneUnit === true ? 0 : 2);
    });

    injected('lost-after', 'an answer that is lost is settled by looking', async (_, armed) => {
      expect(kinds(await armed.fire(soon(1.5 * patience())))).toEqual(only('cut', 'unknown'));
      await eventually(async () => {
        const { taken, settled } = await armed.collect(soon());
        expect({ taken: taken.length, settled }).toEqual({ taken: 3, settled: true });
      });
    });

    injected(
      'late',
      'an outcome stays open until what was executed half a minute late has appeared',
      async (array, armed) => {
        expect(kinds(await armed.fire(soon(patience())))).toEqual(only('cut', 'unknown'));
        const early = await armed.collect(soon());
        expect(early.settled).toBe(false);
        expect(early.taken).toHaveLength(options.oneUnit === true ? 0 : 2);
        lab.clock.jump(30_000);
        await eventually(async () => expect(await array.find(LABEL, soon())).toHaveLength(3));
        expect(await armed.collect(soon())).toMatchObject({ settled: true });
      },
    );

    injected(
      'job',
      'accepted is not taken: the answer waits for the job that cuts half a second later',
      async (_, armed) => {
        const startedAt = lab.clock.now();
        expect(kinds(await armed.fire(soon()))).toEqual(armed.units.map(() => 'cut'));
        expect(lab.clock.now() - startedAt).toBeGreaterThanOrEqual(490);
        expect((await armed.collect(soon())).taken).toHaveLength(3);
      },
    );

    injected('job', 'a job that is not over at the deadline is unknown', async (_, armed) => {
      expect(kinds(await armed.fire(soon(patience())))).toEqual(only('cut', 'unknown'));
      await eventually(async () => expect(await armed.collect(soon())).toMatchObject({ settled: true }));
    });

    injected('job-fails', 'a job that fails after it was accepted is a refusal', async (_, armed) => {
      expect(kinds(await armed.fire(soon()))).toEqual(only('cut', 'refused'));
      expect((await armed.collect(soon())).settled).toBe(true);
    });

    test('each wrong thing has a code of its own, and says what to do', async () => {
      const codes = new Set<string>();
      for (const wrong of lab.wrongs) {
        const array = driver(await wrong.make());
        const said = wrong.shows === 'check' ? await worst(array) : await faultOf(reach(array, wrong.shows));
        expect(said?.code, wrong.what).toBe(wrong.code);
        expect(said?.hint, `${wrong.what} has a hint`).toMatch(/\w/);
        spoken.push(said?.message ?? '', said?.hint ?? '');
        codes.add(wrong.code);
      }
      expect(codes.size).toBe(lab.wrongs.length);
    });

    async function worst(array: ArrayDriver) {
      const outcome = await settle(() => array.check(soon()));
      if (!outcome.ok) return faultOf(Promise.reject(outcome.fault));
      const findings = outcome.value;
      spoken.push(JSON.stringify(findings));
      return (
        findings.find(({ severity }) => severity === 'error') ?? findings.find(({ severity }) => severity === 'warning')
      );
    }

    function reach(array: ArrayDriver, where: 'locate' | 'arm'): Promise<unknown> {
      return where === 'locate' ? array.locate(lab.devices, soon()) : arm(array, LABEL);
    }
  });
}

function label(text: string): CutLabel {
  const found = labelIn(text);
  if (found === undefined) throw new Error(`${text} is no label`);
  return found;
}

function kinds(fired: readonly Fired[]): readonly Fired['kind'][] {
  return fired.map(({ kind }) => kind);
}

function whys(fired: readonly Fired[]): readonly string[] {
  return fired.flatMap((one) => (one.kind === 'cut' ? [] : [one.why.code]));
}

function byName(snapshots: readonly ArraySnapshot[]): readonly ArraySnapshot[] {
  const key = ({ name, source }: ArraySnapshot): string => `${name} ${source.name}`;
  return snapshots.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Until it holds, or more than ten seconds are over. */
async function eventually(holds: () => Promise<void>): Promise<void> {
  const endsAt = performance.now() + patient(10_000);
  for (;;) {
    try {
      return await holds();
    } catch (thrown) {
      if (performance.now() > endsAt) throw thrown;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
