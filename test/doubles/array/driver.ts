import { armedCut, unitName } from '../../../src/arrays/armed.ts';
import { making, notThere } from '../../../src/arrays/exposed.ts';
import { stillOurs } from '../../../src/arrays/identity.ts';
import { labelInUse } from '../../../src/arrays/volumes.ts';
import { sleep } from '../../../src/base/clock.ts';
import type { Deadline } from '../../../src/base/deadline.ts';
import { beforeDeadline } from '../../../src/base/deadline.ts';
import { EXIT, Fault } from '../../../src/base/fault.ts';
import { unreachable } from '../../../src/base/unreachable.ts';
import { labelIn } from '../../../src/label.ts';
import type { ArraySnapshot, CutLabel, CutUnit, DeviceKey, Volume } from '../../../src/model.ts';
import type { ArmedCut, ArrayDriver, ArrayTraits, Fence, Fired, Shell } from '../../../src/ports.ts';
import type { Answer, SimulatedArray } from './array.ts';
import type { Operation } from './faults.ts';

/** A driver over an array in memory: everything takes time on the array's clock, and anything can fail. */
export function simulated(array: SimulatedArray): ArrayDriver {
  const { id, clock, settings } = array;
  const traits: ArrayTraits = {
    make: 'simulated',
    parallel: settings.parallel ?? Math.max(1, array.volumes.length),
    maxGroup: Number.POSITIVE_INFINITY,
    lateMs: settings.lateMs ?? 60_000,
    prepares: true,
    answers: settings.answers ?? 'cut',
    tells: { id: true, time: true },
    ...(settings.fence === undefined ? {} : { fences: true as const }),
    forecastMs: (settings.cutMs ?? 5) + (settings.answerMs ?? 1),
  };

  return {
    id,
    traits,
    check: (deadline) => call('check', deadline, () => []),
    locate: (devices, deadline) => call('locate', deadline, () => located(devices)),
    group: (volumes, deadline) => call('group', deadline, () => unitsOf(volumes)),
    async arm(units, label, deadline) {
      await call('arm', deadline, () => {
        const before = array.snapshots().filter((one) => labelOf(one) === label);
        if (before.length > 0) throw labelInUse(id, label, before);
        array.prepare(label, units);
      });
      return armed(units, label);
    },
    async disarm(label, deadline) {
      await call('disarm', deadline, () => array.unprepare(label));
      return [];
    },
    find,
    findAll: (deadline) => call('find', deadline, () => array.snapshots().filter((one) => labelOf(one) !== undefined)),
    remove: (snapshot, deadline) =>
      call('remove', deadline, () => {
        if (isThere(snapshot)) array.remove(snapshot.name);
      }),
    ...(settings.shows === undefined ? {} : { expose: exposing(settings.shows) }),
    close: () => Promise.resolve(),
  };

  function armed(units: readonly CutUnit[], label: CutLabel): ArmedCut {
    let raised = false;
    return armedCut({
      array: id,
      units,
      label,
      clock,
      parallel: traits.parallel,
      lateMs: traits.lateMs,
      ...(settings.fence === undefined
        ? {}
        : {
            fence: fenceOf(units, settings.fence, (up) => {
              raised = up;
            }),
          }),
      recheck: (deadline) => call('recheck', deadline, () => ({ forecastMs: traits.forecastMs })),
      send: (unit, deadline) => send(array.fire(unit, label, raised ? 'commit' : 'plain'), unit, deadline),
      find,
    });
  }

  function exposing(shell: Shell): NonNullable<ArrayDriver['expose']> {
    return (snapshot, deadline) => {
      const { name } = snapshot;
      const show = (limit: Deadline) =>
        call('expose', limit, () => {
          if (!isThere(snapshot)) throw notThere(snapshot);
          array.copy(name);
          return { shell, image: `/copies/${name}` };
        });
      return making(show, (limit) => call('withdraw', limit, () => array.dropCopy(name)), deadline);
    };
  }

  function labelOf({ name }: ArraySnapshot): CutLabel | undefined {
    return labelIn(settings.names === 'group' ? (name.split('.')[1] ?? '') : name);
  }

  function isThere(snapshot: ArraySnapshot): boolean {
    const there = array.snapshots().find(({ name }) => name === snapshot.name);
    return stillOurs(snapshot, there, labelOf);
  }

  function find(label: CutLabel, deadline: Deadline) {
    return call('find', deadline, () => array.snapshots().filter((one) => labelOf(one) === label));
  }

  async function send(request: Promise<Answer>, unit: CutUnit, deadline: Deadline): Promise<Fired> {
    const answer = await beforeDeadline(request, deadline);
    switch (answer.kind) {
      case 'refused':
        return { kind: 'refused', unit, why: refusal(unit, answer.why) };
      case 'accepted': {
        const end = await beforeDeadline(answer.job, deadline);
        return end === 'done' ? done(unit) : { kind: 'refused', unit, why: refusal(unit, 'its job failed') };
      }
      case 'cut':
        return done(unit);
      default:
        return unreachable(answer);
    }
  }

  function done(unit: CutUnit): Fired {
    if (traits.answers === 'cut') return { kind: 'cut', unit };
    return {
      kind: 'unknown',
      unit,
      why: new Fault({
        code: 'array.only-accepted',
        message: `array ${id}: snapshot of ${unitName(unit)} was accepted; this array does not say when it is taken`,
        exit: EXIT.windowFailed,
      }),
    };
  }

  function refusal(unit: CutUnit, why: string): Fault {
    return new Fault({
      code: 'array.refused',
      message: `array ${id}: snapshot of ${unitName(unit)} refused: ${why}`,
      hint: 'Look there for what refused it, then run again.',
      exit: EXIT.windowFailed,
    });
  }

  function fenceOf(units: readonly CutUnit[], leaseMs: Fence['leaseMs'], isUp: (up: boolean) => void): Fence {
    return {
      leaseMs,
      async raise(wantedMs, deadline) {
        isUp(true);
        await call('raise', deadline, (fault) =>
          array.raise(units, fault?.kind === 'short-lived' ? Math.min(fault.ms, wantedMs) : wantedMs),
        );
      },
      async drop(deadline) {
        isUp(false);
        await call('drop', deadline, () => array.drop(units));
      },
    };
  }

  function located(devices: readonly DeviceKey[]): ReadonlyMap<DeviceKey, Volume> {
    return new Map(
      array.volumes
        .filter((volume) => devices.includes(volume.device))
        .map(({ device, unit: _, ...volume }) => [device, volume]),
    );
  }

  function unitsOf(wanted: readonly Volume[]): readonly CutUnit[] {
    const members = new Map<string, (typeof array.volumes)[number][]>();
    for (const volume of array.volumes) {
      members.set(volume.unit, [...(members.get(volume.unit) ?? []), volume]);
    }
    return [...members]
      .map(([unit, all]) => ({
        array: id,
        id: unit,
        volumes: wanted.filter((volume) => all.some((member) => volume.id === member.id)),
        alsoCaptures: all
          .filter((member) => wanted.every((volume) => volume.id !== member.id))
          .map((member) => member.name),
      }))
      .filter((unit) => unit.volumes.length > 0);
  }

  /** There, done at the far end, and back: half the time each way. What was sent is done, whoever waits for it or not. */
  async function call<T>(
    operation: Operation,
    deadline: Deadline,
    work: (fault: ReturnType<SimulatedArray['takeCallFault']>) => T,
  ): Promise<T> {
    deadline.signal.throwIfAborted();
    const fault = array.takeCallFault(operation);
    const halfMs = ((settings.callMs ?? 1) + (fault?.kind === 'slow' ? fault.ms : 0)) / 2;
    if (fault?.kind === 'lost' && !fault.executed) await never(deadline);
    const done = sleep(clock, halfMs).then(() => {
      if (fault?.kind === 'refused') throw callRefused(operation);
      return work(fault);
    });
    const result = await beforeDeadline(done, deadline);
    if (fault?.kind === 'lost') await never(deadline);
    await pause(halfMs, deadline);
    return result;
  }

  async function pause(ms: number, deadline: Deadline): Promise<void> {
    await sleep(clock, ms, deadline.signal);
    deadline.signal.throwIfAborted();
  }

  function never(deadline: Deadline): Promise<never> {
    return beforeDeadline(new Promise<never>(() => {}), deadline);
  }

  function callRefused(operation: Operation): Fault {
    return new Fault({ code: 'array.refused', message: `array ${id}: ${operation} refused: not now` });
  }
}
