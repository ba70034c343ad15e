import { unreachable } from '../../../../src/base/unreachable.ts';
import type { SimulatedArray } from '../../../doubles/array/array.ts';
import type { CallFault, FireFault, Operation } from '../../../doubles/array/faults.ts';
import type { Chronicle, FireSeen } from '../chronicle.ts';
import type { Weather } from '../weather.ts';

/** An array as one operation reaches it: seen by the chronicle, under the weather. */
export function arraySeen(array: SimulatedArray, by: number, chronicle: Chronicle, weather: Weather): SimulatedArray {
  // Down for as long as this operation lasts.
  const isDown = weather.draw.chance(0.2) && weather.befalls(['array-down']) !== undefined;
  return {
    ...array,
    takeCallFault: (operation) => (isDown ? { kind: 'refused' } : callFault(operation, weather)),
    prepare(label, units) {
      chronicle.labels.set(label, by);
      array.prepare(label, units);
    },
    async fire(unit, label, as) {
      const seen: FireSeen = { by, array: array.id, unit: unit.id, label, sentAtMs: array.clock.now() };
      chronicle.fires.push(seen);
      chronicle.labels.set(label, by);
      const fault = isDown ? ({ kind: 'lost-before' } as const) : fireFault(weather);
      if (fault !== undefined) array.failFire(unit.id, fault);
      const answer = await array.fire(unit, label, as);
      seen.answeredAtMs = array.clock.now();
      seen.answer = answer.kind;
      return answer;
    },
    remove(name) {
      const snapshot = array.snapshots().find((one) => one.name === name);
      if (snapshot !== undefined) chronicle.removals.push({ by, snapshot, atMs: array.clock.now() });
      array.remove(name);
    },
  };
}

function callFault(operation: Operation, { befalls, draw }: Weather): CallFault | undefined {
  const kind =
    operation === 'raise'
      ? befalls(['refused', 'slow', 'lost-before', 'lost-after', 'fence-short'], 8)
      : befalls(['refused', 'slow', 'lost-before', 'lost-after']);
  switch (kind) {
    case undefined:
      return undefined;
    case 'refused':
      return { kind: 'refused' };
    case 'slow':
      return { kind: 'slow', ms: draw.pick([50, 500, 3_000, 20_000]) };
    case 'lost-before':
      return { kind: 'lost', executed: false };
    case 'lost-after':
      return { kind: 'lost', executed: true };
    case 'fence-short':
      return { kind: 'short-lived', ms: draw.between(1, 50) };
    default:
      return unreachable(kind);
  }
}

function fireFault({ befalls, draw }: Weather): FireFault | undefined {
  const kind = befalls(['refused', 'slow', 'lost-before', 'lost-after', 'late', 'duplicated', 'half-done'], 6);
  switch (kind) {
    case undefined:
      return undefined;
    case 'refused':
    case 'lost-before':
      return { kind };
    case 'slow':
      return draw.chance(0.5)
        ? { kind: 'slow', cutMs: draw.below(6_000), answerMs: draw.below(6_000) }
        : { kind: 'job', cutMs: draw.below(6_000), fails: draw.chance(0.3) };
    case 'lost-after':
      return { kind: 'lost-after' };
    case 'late':
      return { kind: 'lost-after', cutMs: draw.pick([8_000, 20_000, 40_000, 100_000]) };
    case 'duplicated':
      return { kind: 'twice', againMs: draw.pick([1, 50, 2_000, 30_000]) };
    case 'half-done':
      return { kind: 'half', says: draw.pick(['cut', 'refused', 'nothing']) };
    default:
      return unreachable(kind);
  }
}
