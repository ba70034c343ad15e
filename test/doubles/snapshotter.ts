import { type Clock, sleep } from '../../src/base/clock.ts';
import { beforeDeadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import type { GuestSnapshot, Level } from '../../src/model.ts';
import type { Snapshotter } from '../../src/ports.ts';

/** What befalls a guest snapshot; an absent fault does not happen. */
export interface SimulatedPoint {
  readonly gives?: Level;
  /** Addresses of the disks that it would contain; ['scsi0:0', 'scsi0:1']. */
  readonly contains?: readonly string[];
  readonly takesMs?: number;
  /**
   * `refused`: not made. `half`: refused, and left behind. `lost`: made, and the answer never comes. `late`: no answer, and
   * made so much later. `unquiesced`: made, and worth no more than crash.
   */
  readonly begin?: 'refused' | 'half' | 'lost' | 'late' | 'unquiesced';
  /** So many removals fail before one succeeds. */
  readonly removalsFail?: number;
}

export interface SimulatedSnapshotter extends Snapshotter {
  /** What really stands, whoever knows of it. */
  standing(): readonly GuestSnapshot[];
  /** Somebody else removes all of it. */
  meddle(): void;
}

/** A VM with snapshots inside this process, on any clock, that keeps the contract and suffers what it is told to. */
export function simulatedSnapshotter(clock: Clock, point: SimulatedPoint = {}): SimulatedSnapshotter {
  const there = new Map<string, GuestSnapshot>();
  let pending = 0;
  let serial = 0;
  let toFail = point.removalsFail ?? 0;
  const contains = point.contains ?? ['scsi0:0', 'scsi0:1'];

  return {
    method: 'simulated-snapshot',
    gives: point.gives ?? 'filesystem',
    bound: 'nothing is held',
    standing: () => [...there.values()],
    meddle: () => there.clear(),

    async probe() {
      const gives = point.gives ?? 'filesystem';
      const summary = 'a simulated guest snapshot';
      return { method: 'simulated-snapshot', gives, disks: [], uses: [], contains, findings: [], summary };
    },

    async begin({ vm }, { label, instanceUuid }, limit) {
      await sleep(clock, point.takesMs ?? 50, limit.signal);
      limit.signal.throwIfAborted();
      if (point.begin === 'refused') throw refused(vm);
      serial += 1;
      const id = String(serial);
      const createdAt = clock.date().toISOString();
      const made = { vm, instanceUuid, method: 'simulated-snapshot', label, id, name: `${label} simulated`, createdAt };
      if (point.begin === 'late') {
        pending += 1;
        clock.after(LATE_MS, () => {
          pending -= 1;
          there.set(id, made);
        });
        await beforeDeadline(new Promise<never>(() => {}), limit);
      }
      there.set(id, made);
      if (point.begin === 'half') throw refused(vm);
      if (point.begin === 'lost') await beforeDeadline(new Promise<never>(() => {}), limit);
      return point.begin === 'unquiesced'
        ? { gives: 'crash', because: 'it was not quiesced', snapshot: made }
        : { gives: point.gives ?? 'filesystem', snapshot: made };
    },

    async find({ vm, instanceUuid }, label) {
      if (pending > 0) throw new Fault({ code: 'simulated.busy', message: `guest ${vm}: a snapshot task is going on` });
      return [...there.values()].filter((one) => one.label === label && one.instanceUuid === instanceUuid);
    },

    async remove(ours) {
      if (toFail > 0) {
        toFail -= 1;
        throw new Fault({ code: 'simulated.busy', message: `guest ${ours.vm}: another task is going on` });
      }
      const now = there.get(ours.id);
      if (now === undefined) return;
      if (now.label !== ours.label || now.createdAt !== ours.createdAt) {
        throw new Fault({
          code: 'simulated.not-ours',
          message: `guest ${ours.vm}: snapshot ${ours.id} is another one`,
        });
      }
      there.delete(ours.id);
    },
  };
}

/** Longer than a run waits for its preparation in the simulation. */
const LATE_MS = 900_000;

function refused(vm: string): Fault {
  return new Fault({ code: 'simulated.refused', message: `guest ${vm}: its guest snapshot was refused` });
}
