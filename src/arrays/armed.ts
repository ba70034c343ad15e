import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { beforeDeadline } from '../base/deadline.ts';
import { defined } from '../base/defined.ts';
import { asFault, EXIT, Fault } from '../base/fault.ts';
import { gather } from '../base/gather.ts';
import type { ArrayId, ArraySnapshot, CutLabel, CutUnit } from '../model.ts';
import type { ArmedCut, Fence, Fired } from '../ports.ts';

/** What a make does in its own way; all else about a prepared cut is the same for all of them. */
export interface CutParts {
  readonly array: ArrayId;
  readonly units: readonly CutUnit[];
  readonly label: CutLabel;
  readonly clock: Clock;
  /** Requests at once. */
  readonly parallel: number;
  /** How long after a lost answer the array may still execute it. */
  readonly lateMs: number;
  readonly fence?: Fence;
  recheck(deadline: Deadline): Promise<{ readonly forecastMs: number }>;
  /** The one request of a unit. A rejection means that nobody knows whether it was executed. */
  send(unit: CutUnit, deadline: Deadline): Promise<Fired>;
  find(label: CutLabel, deadline: Deadline): Promise<readonly ArraySnapshot[]>;
}

/** Fires each unit once and never again, whatever is called how often; remembers what is still open. */
export function armedCut(parts: CutParts): ArmedCut {
  const sentAtMs = new Map<CutUnit, number>();
  const answers = new Map<CutUnit, Fired['kind']>();
  let firing: Promise<readonly Fired[]> | undefined;

  return {
    units: parts.units,
    ...defined({ fence: parts.fence }),
    recheck: parts.recheck,
    fire(deadline) {
      firing ??= fireAll(deadline);
      return firing;
    },
    async collect(deadline) {
      const taken = await parts.find(parts.label, deadline);
      return { taken, settled: parts.units.every((unit) => isSettled(unit, taken)) };
    },
  };

  async function fireAll(deadline: Deadline): Promise<readonly Fired[]> {
    const outcomes = await gather(parts.units, (unit) => fireOne(unit, deadline), parts.parallel);
    return parts.units.map((unit, index) => {
      const outcome = outcomes[index];
      if (outcome?.ok === true) return outcome.value;
      return { kind: 'unknown', unit, why: noAnswer(parts.array, unit, outcome?.fault) };
    });
  }

  async function fireOne(unit: CutUnit, deadline: Deadline): Promise<Fired> {
    if (deadline.signal.aborted) return { kind: 'refused', unit, why: notSent(parts.array, unit, deadline) };
    sentAtMs.set(unit, parts.clock.now());
    const fired = await beforeDeadline(parts.send(unit, deadline), deadline);
    answers.set(unit, fired.kind);
    return fired;
  }

  function isSettled(unit: CutUnit, taken: readonly ArraySnapshot[]): boolean {
    const sent = sentAtMs.get(unit);
    const answer = answers.get(unit);
    if (sent === undefined || answer === 'cut' || answer === 'refused') return true;
    const all = unit.volumes.every((volume) => taken.some((snapshot) => snapshot.source.id === volume.id));
    return all || parts.clock.now() - sent >= parts.lateMs;
  }
}

/** 'mail_db', 'mail_db and 3 more' */
export function unitName(unit: CutUnit): string {
  const [first, ...others] = unit.volumes;
  if (first === undefined) return unit.id;
  return others.length === 0 ? first.name : `${first.name} and ${others.length} more`;
}

function notSent(array: ArrayId, unit: CutUnit, deadline: Deadline): Fault {
  return new Fault({
    code: 'array.not-sent',
    message: `array ${array}: snapshot of ${unitName(unit)} was not sent: ${asFault(deadline.signal.reason).message}`,
    exit: EXIT.windowFailed,
  });
}

function noAnswer(array: ArrayId, unit: CutUnit, cause: Fault | undefined): Fault {
  return new Fault({
    code: 'array.no-answer',
    message: `array ${array}: snapshot of ${unitName(unit)} was sent, its outcome is not known: ${cause?.message ?? 'no answer'}`,
    hint: 'It may exist, or still appear; it is looked for by its label, never sent again.',
    exit: EXIT.windowFailed,
    ...defined({ cause }),
  });
}
