import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import type { ArrayId, ArraySnapshot, CutLabel, CutUnit, Volume } from '../../model.ts';
import type { ArmedCut, ArrayTraits, Fired } from '../../ports.ts';
import { armedCut, unitName } from '../armed.ts';
import type { Box } from '../box.ts';
import { labelInUse } from '../volumes.ts';
import type { FireLine, Job } from './fire-line.ts';
import { openFireLine } from './fire-line.ts';
import { refusal } from './refusal.ts';

interface Order {
  readonly units: readonly CutUnit[];
  readonly label: CutLabel;
  readonly traits: ArrayTraits;
  /** The body of a shell function that snapshots "$1" as "$2". */
  readonly take: string;
  job(volume: Volume): Job;
  /** Are the volumes still the same, and is little left to write out? Part of the recheck. */
  ready(deadline: Deadline): Promise<void>;
  find(label: CutLabel, deadline: Deadline): Promise<readonly ArraySnapshot[]>;
  /** What was taken stays after a power loss. Outside the window, before looking at what there is. */
  settle?(label: CutLabel, deadline: Deadline): Promise<void>;
}

/** Prepared cuts of a Linux machine: one line each, by label, until it is disarmed. */
export interface LinuxArming {
  arm(order: Order, deadline: Deadline): Promise<ArmedCut>;
  /** What was fired and has not ended is ended: nobody waits for it any more. */
  stop(label: CutLabel, deadline: Deadline): Promise<void>;
  closeAll(): void;
}

export function linuxArming(array: ArrayId, box: Box, clock: Clock): LinuxArming {
  const lines = new Map<CutLabel, FireLine>();

  return {
    arm,
    async stop(label, deadline) {
      const line = lines.get(label);
      lines.delete(label);
      await line?.stop(deadline);
    },
    closeAll() {
      for (const line of lines.values()) line.close();
      lines.clear();
    },
  };

  async function arm(order: Order, deadline: Deadline): Promise<ArmedCut> {
    const { units, label, traits } = order;
    const before = await order.find(label, deadline);
    if (before.length > 0) throw labelInUse(array, label, before);
    const jobs = units.map((unit) => order.job(onlyVolume(unit)));
    const shell = await box.shell(deadline);
    const line = await box.limited(deadline, (limit) => openFireLine(shell, order.take, jobs, limit));
    lines.set(label, line);
    await box.limited(deadline, (limit) => line.ping(limit));
    return armedCut({
      array,
      units,
      label,
      clock,
      parallel: traits.parallel,
      lateMs: traits.lateMs,
      async recheck(limit) {
        await order.ready(limit);
        const sentAtMs = clock.now();
        await box.limited(limit, (own) => line.ping(own));
        const roundTripMs = clock.now() - sentAtMs;
        return { forecastMs: Math.ceil(roundTripMs + traits.forecastMs * Math.ceil(units.length / traits.parallel)) };
      },
      send: (unit, limit) => send(line, units.indexOf(unit), unit, limit),
      async find(wanted, limit) {
        await order.settle?.(wanted, limit);
        return order.find(wanted, limit);
      },
    });
  }
}

async function send(line: FireLine, job: number, unit: CutUnit, deadline: Deadline): Promise<Fired> {
  const shot = await line.fire(job, deadline);
  if (shot === undefined) return { kind: 'refused', unit, why: lineEnded(unit) };
  if (shot.exit === 0) return { kind: 'cut', unit };
  // Above 128 a signal ended it, and what it had begun may stand. What is no number says nothing.
  if (shot.exit >= 1 && shot.exit <= 128) return { kind: 'refused', unit, why: refusal(unit, shot.exit, shot.said) };
  throw new Fault({ code: 'array.interrupted', message: `its command was ended from outside (exit ${shot.exit})` });
}

function lineEnded(unit: CutUnit): Fault {
  return new Fault({
    code: 'array.line-lost',
    message: `array ${unit.array}: snapshot of ${unitName(unit)} was not sent: the line to the array had ended before`,
    hint: 'Look at the connection to it, and run again.',
    exit: EXIT.windowFailed,
  });
}

function onlyVolume(unit: CutUnit): Volume {
  const [volume, ...others] = unit.volumes;
  if (volume !== undefined && others.length === 0) return volume;
  throw new Fault({
    code: 'array.unit-size',
    message: `array ${unit.array}: unit ${unit.id} has ${unit.volumes.length} volumes; every volume is cut by itself here`,
  });
}
