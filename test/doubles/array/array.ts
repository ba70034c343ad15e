import type { Clock } from '../../../src/base/clock.ts';
import type { ArrayId, ArraySnapshot, CutLabel, CutUnit, DeviceKey, Volume } from '../../../src/model.ts';
import type { Shell } from '../../../src/ports.ts';
import type { CallFault, FireFault, Operation } from './faults.ts';

interface SimulatedVolume {
  readonly name: string;
  readonly device: DeviceKey;
  readonly sizeBytes: bigint;
  /** Volumes that name the same group are cut together, wanted or not; without one a volume is a unit of its own. */
  readonly group?: string;
}

export interface SimulatedSettings {
  readonly volumes: readonly SimulatedVolume[];
  /** How long any call takes there and back; default 1 ms. */
  readonly callMs?: number;
  /** From the sending of a fire to the instant of the cut; default 5 ms. */
  readonly cutMs?: number;
  /** From the cut to its answer; default 1 ms. */
  readonly answerMs?: number;
  /** Requests at once; default: as many as there are units. */
  readonly parallel?: number;
  /** Default 60 s. */
  readonly lateMs?: number;
  /** `accepted`: its answer never says that the instant is past. */
  readonly answers?: 'cut' | 'accepted';
  /** It can hold writes back by itself, for so long. */
  readonly fence?: { readonly min: number; readonly max: number };
  /** Where copies of its snapshots can be looked at, under `/copies/NAME`; none: it shows nothing. */
  readonly shows?: Shell;
  /** `group`: 'mail.LABEL.mail_0', and the snapshots of one unit are one object. Default: 'LABEL-mail_0', each its own. */
  readonly names?: 'volume' | 'group';
}

/** What really happened: an instant at which volumes were copied. */
interface TrueCut {
  readonly unit: string;
  readonly volumes: readonly string[];
  readonly label: CutLabel;
  /** Ids of the snapshots that it made. */
  readonly made: readonly string[];
  readonly atMs: number;
}

/** A unit whose writes the array really held back; `downAtMs` is in the future while it stands. */
interface TrueFence {
  readonly unit: string;
  readonly upAtMs: number;
  readonly downAtMs: number;
}

/** How much of a unit a request really copies. */
type Share = 'whole' | 'half';

/** What the array says to a fire. */
export type Answer =
  | { readonly kind: 'cut' }
  | { readonly kind: 'refused'; readonly why: string }
  /** The job answers once, when it is over. */
  | { readonly kind: 'accepted'; readonly job: Promise<'done' | 'failed'> };

/**
 * An array in memory: the machine itself, with its truth. Drivers are made over it, several if wanted, and know of it
 * only what its answers say.
 */
export interface SimulatedArray {
  readonly id: ArrayId;
  readonly settings: SimulatedSettings;
  readonly clock: Clock;
  /** `unit`: of which it is cut. */
  readonly volumes: readonly (Volume & { readonly device: DeviceKey; readonly unit: string })[];

  // ---- the truth, for whoever judges
  readonly cuts: readonly TrueCut[];
  readonly fences: readonly TrueFence[];
  snapshots(): readonly ArraySnapshot[];
  /** Everything that stands on it besides volumes, by name: prepared groups, snapshots, copies that are shown. */
  objects(): readonly string[];
  /** Called at the very instant of each cut. */
  onCut(see: (cut: TrueCut) => void): void;
  /** Another hand: a snapshot made by somebody else, or under our name. */
  place(snapshot: ArraySnapshot): void;

  // ---- faults
  /** The next call of this kind meets it; several queue up. */
  failNext(operation: Operation, fault: CallFault): void;
  /** The next fire of this unit meets it. */
  failFire(unit: string, fault: FireFault): void;

  // ---- its own interface, for drivers
  takeCallFault(operation: Operation): CallFault | undefined;
  /** `commit`: of the fence; refused when it does not stand at the instant. */
  fire(unit: CutUnit, label: CutLabel, as: 'plain' | 'commit'): Promise<Answer>;
  raise(units: readonly CutUnit[], leaseMs: number): void;
  drop(units: readonly CutUnit[]): void;
  prepare(label: CutLabel, units: readonly CutUnit[]): void;
  /** Takes away what was prepared under this label, its fence too. */
  unprepare(label: CutLabel): void;
  remove(name: string): void;
  /** A copy of a snapshot stands beside it until it is taken away. */
  copy(name: string): void;
  dropCopy(name: string): void;
}

export function simulatedArray(id: ArrayId, settings: SimulatedSettings, clock: Clock): SimulatedArray {
  const volumes = settings.volumes.map((volume, index) => ({
    array: id,
    id: `${id}-v${index}`,
    name: volume.name,
    sizeBytes: volume.sizeBytes,
    container: volume.name,
    device: volume.device,
    unit: volume.group === undefined ? `${id}-v${index}` : `${id}-${volume.group}`,
  }));
  const cuts: TrueCut[] = [];
  const watchers: ((cut: TrueCut) => void)[] = [];
  const snapshots = new Map<string, ArraySnapshot>();
  const copies = new Set<string>();
  const prepared = new Map<CutLabel, readonly CutUnit[]>();
  const fenced = new Map<string, TrueFence>();
  const pastFences: TrueFence[] = [];
  const callFaults = new Map<Operation, CallFault[]>();
  const fireFaults = new Map<string, FireFault[]>();
  let serial = 0;

  return {
    id,
    settings,
    clock,
    volumes,
    cuts,
    get fences() {
      return [...pastFences, ...fenced.values()];
    },
    snapshots: () => [...snapshots.values()],
    objects: () =>
      [
        ...[...prepared.keys()].map((label) => `group ${label}`),
        ...[...copies].map((name) => `copy of ${name}`),
        ...snapshots.keys(),
      ].sort(),
    onCut: (see) => void watchers.push(see),
    place: (snapshot) => void snapshots.set(snapshot.name, snapshot),
    failNext: (operation, fault) => queue(callFaults, operation, fault),
    failFire: (unit, fault) => queue(fireFaults, unit, fault),
    takeCallFault: (operation) => callFaults.get(operation)?.shift(),
    fire: (unit, label, as) =>
      execute(fireFaults.get(unit.id)?.shift(), (share = 'whole') => takeOrRefuse(unit, label, as, share)),
    raise(units, leaseMs) {
      for (const unit of units) {
        lower(unit.id);
        fenced.set(unit.id, { unit: unit.id, upAtMs: clock.now(), downAtMs: clock.now() + leaseMs });
      }
    },
    drop,
    prepare: (label, units) => void prepared.set(label, units),
    unprepare(label) {
      drop(prepared.get(label) ?? []);
      prepared.delete(label);
    },
    remove(name) {
      // One object is what was taken as one; what somebody else has put under a name of it is none of it.
      const id = snapshots.get(name)?.id ?? '';
      const object = settings.names === 'group' ? cuts.find(({ made }) => made.includes(id))?.made : undefined;
      for (const [other, snapshot] of snapshots)
        if (other === name || object?.includes(snapshot.id) === true) snapshots.delete(other);
    },
    copy: (name) => void copies.add(name),
    dropCopy: (name) => void copies.delete(name),
  };

  function execute(fault: FireFault | undefined, take: (share?: Share) => Answer): Promise<Answer> {
    const cutMs = settings.cutMs ?? 5;
    const answerMs = settings.answerMs ?? 1;
    return new Promise((resolve) => {
      const answer = (value: Answer, afterMs: number): void => void clock.after(afterMs, () => resolve(value));
      const cut = (afterMs: number, done: (answer: Answer) => void): void =>
        void clock.after(afterMs, () => done(take()));
      switch (fault?.kind) {
        case undefined:
          return cut(cutMs, (said) => answer(said, answerMs));
        case 'slow':
          return cut(fault.cutMs, (said) => answer(said, fault.answerMs));
        case 'refused':
          return answer({ kind: 'refused', why: 'snapshot reserve is full' }, cutMs + answerMs);
        case 'lost-before':
          return;
        case 'lost-after':
          return cut(fault.cutMs ?? cutMs, () => {});
        case 'half':
          return cut(cutMs, () => {
            take('half');
            if (fault.says === 'cut') answer({ kind: 'cut' }, answerMs);
            if (fault.says === 'refused') answer({ kind: 'refused', why: 'not all of it could be copied' }, answerMs);
          });
        case 'twice':
          cut(cutMs + fault.againMs, () => {});
          return cut(cutMs, (said) => answer(said, answerMs));
        case 'job':
          return answer({ kind: 'accepted', job: job(fault, take) }, answerMs);
      }
    });
  }

  function job(fault: Extract<FireFault, { kind: 'job' }>, take: () => Answer): Promise<'done' | 'failed'> {
    return new Promise((resolve) => {
      clock.after(fault.cutMs, () => resolve(fault.fails !== true && take().kind === 'cut' ? 'done' : 'failed'));
    });
  }

  function takeOrRefuse(unit: CutUnit, label: CutLabel, as: 'plain' | 'commit', share: Share): Answer {
    if (as === 'commit' && (fenced.get(unit.id)?.downAtMs ?? 0) <= clock.now()) {
      return { kind: 'refused', why: 'the write hold did not stand at the commit' };
    }
    const all = volumes.filter((volume) => volume.unit === unit.id);
    const members = share === 'half' ? all.slice(0, Math.ceil(all.length / 2)) : all;
    const made: string[] = [];
    const cut = { unit: unit.id, volumes: members.map((volume) => volume.id), label, made, atMs: clock.now() };
    for (const volume of members) {
      const name = freeName(
        settings.names === 'group' ? `${unit.id}.${label}.${volume.name}` : `${label}-${volume.name}`,
      );
      const snapshot = `${id}-s${serial++}`;
      made.push(snapshot);
      snapshots.set(name, {
        array: id,
        label,
        id: snapshot,
        name,
        source: { id: volume.id, name: volume.name },
        sizeBytes: volume.sizeBytes,
        createdAt: clock.date().toISOString(),
      });
    }
    cuts.push(cut);
    lower(unit.id);
    for (const see of watchers) see(cut);
    return { kind: 'cut' };
  }

  /** What has its name already keeps it. */
  function freeName(wanted: string): string {
    let name = wanted;
    for (let number = 2; snapshots.has(name); number += 1) name = `${wanted}.${number}`;
    return name;
  }

  function drop(units: readonly CutUnit[]): void {
    for (const unit of units) lower(unit.id);
  }

  function lower(unit: string): void {
    const fence = fenced.get(unit);
    if (fence === undefined) return;
    fenced.delete(unit);
    pastFences.push({ ...fence, downAtMs: Math.min(fence.downAtMs, clock.now()) });
  }
}

function queue<K, V>(queues: Map<K, V[]>, key: K, value: V): void {
  const waiting = queues.get(key) ?? [];
  waiting.push(value);
  queues.set(key, waiting);
}
