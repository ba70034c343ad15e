import { describe, expect, test } from 'vitest';
import { box } from '../../../src/arrays/box.ts';
import { commandMs } from '../../../src/arrays/place.ts';
import { watchedArray } from '../../../src/arrays/watched.ts';
import { beforeDeadline, deadline } from '../../../src/base/deadline.ts';
import { asFault, type Fault } from '../../../src/base/fault.ts';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import { waitsOn } from '../../../src/base/waits.ts';
import type { CutLabel } from '../../../src/model.ts';
import type { Shell } from '../../../src/ports.ts';
import { simulatedArray } from '../../doubles/array/array.ts';
import { simulated } from '../../doubles/array/driver.ts';
import { handClock } from '../../sim/hand-clock.ts';

const LABEL = 'spaaaaaaaaaaaaa' as CutLabel;
const never = new Promise<never>(() => {});

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  return asFault(
    await work.then(
      () => new Error('it was answered'),
      (thrown: unknown) => thrown,
    ),
  );
}

describe('a command of an array', () => {
  test.each([
    [undefined, 30_000],
    ['2m', 120_000],
    ['1.5m', 90_000],
  ])('has the time that the topology gives it: %s', (timeout, ms) => {
    expect(commandMs({ timeout })).toBe(ms);
  });

  /** A machine on which nothing comes back, from the given command on. */
  function deaf(from: number) {
    const clock = handClock();
    let sent = 0;
    const shell: Shell = {
      where: 'ceph',
      async run(_argv, { deadline: limit }) {
        sent += 1;
        if (sent >= from) await beforeDeadline(never, limit);
        return { exit: 0, stdout: '', stderr: '' };
      },
      start: () => Promise.reject(new Error('not here')),
      close: async () => {},
    };
    const reach = box('ceph', async () => shell, 30_000);
    return { clock, reach, limit: deadline(clock, 1_800_000, 'preparing the run'), sent: () => sent };
  }

  test.each(['run', 'once'] as const)(
    'that never ends is given up when its time is over, and not repeated: %s',
    async (how) => {
      const { clock, reach, limit, sent } = deaf(2);
      await clock.drive(reach.run(['true'], limit));
      const fault = await clock.drive(faultOf(reach[how](['rbd', 'ls'], limit)));
      expect(fault.message).toBe('array ceph: no answer within 30 s');
      expect(clock.now()).toBe(30_000);
      expect(sent()).toBe(2);
    },
  );

  test('has no more time than whoever wants it', async () => {
    const { clock, reach, limit } = deaf(1);
    expect((await clock.drive(faultOf(reach.run(['rbd'], limit.within(3_000, 'a look'))))).code).toBe('deadline');
    expect(clock.now()).toBe(3_000);
  });
});

describe('an array that is watched', () => {
  function silent() {
    const clock = handClock();
    const array = simulatedArray('ceph', { volumes: [] }, clock);
    const interrupt = new AbortController();
    const waits = waitsOn(clock);
    const driver = watchedArray(simulated(array), { clock, waits, interrupt: interrupt.signal, commandMs: 30_000 });
    for (const operation of ['find', 'disarm', 'remove'] as const)
      array.failNext(operation, { kind: 'lost', executed: false });
    return { clock, driver, waits, interrupt, limit: deadline(clock, 1_800_000, 'the run') };
  }

  test('answers a look and a removal within the time of two commands, or not at all', async () => {
    const { clock, driver, limit } = silent();
    expect((await clock.drive(faultOf(driver.find(LABEL, limit)))).message).toBe('array ceph: no answer within 60 s');
    await clock.drive(faultOf(driver.disarm(LABEL, limit)));
    expect(clock.now()).toBe(120_000);
  });

  test('is named as long as it is waited for', async () => {
    const { clock, driver, waits, limit } = silent();
    const said: string[] = [];
    waits.tell = ({ for: what, over }) => void said.push(`${what}${over ? ' over' : ''}`);
    const asked = faultOf(driver.find(LABEL, limit));
    await clock.pass(6_000);
    expect(said).toEqual(['array ceph']);
    expect(waits.now()).toEqual([{ for: 'array ceph', forMs: 6_000, leftMs: 54_000 }]);
    await clock.drive(asked);
  });

  test('is not waited for much longer once somebody wants to end, whatever was sent before or after', async () => {
    const { clock, driver, interrupt, limit } = silent();
    clock.after(10_000, () => interrupt.abort(interruptedBy('SIGTERM', 15)));
    await clock.drive(faultOf(driver.find(LABEL, limit)));
    expect(clock.now()).toBe(13_000);
    await clock.drive(faultOf(driver.disarm(LABEL, limit)));
    expect(clock.now()).toBe(16_000);
  });
});
