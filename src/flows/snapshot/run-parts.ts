import type { Fault } from '../../base/fault.ts';
import type { Locks } from '../../base/lock.ts';
import type { Journal, RunResult } from '../../catalog/journal.ts';
import type { Random } from '../../catalog/names.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import type {
  ArrayId,
  CutLabel,
  GuestSnapshotRecord,
  Level,
  Manifest,
  Plan,
  SetId,
  VmName,
  WindowRecord,
} from '../../model.ts';
import type { ArmedCut, ArrayDriver, GuestChannel, VmIdentity } from '../../ports.ts';
import type { GroupSettings } from '../../topology/topology.ts';
import type { World } from '../survey.ts';
import type { Remains } from '../undo/take-back.ts';

/** Everything that a run is made of. */
export interface RunParts extends World {
  readonly group: GroupSettings;
  readonly state: StateFolder;
  readonly locks: Locks;
  readonly random: Random;
  /** The run's id, which its set will have too. */
  readonly run: SetId;
  /** Aborts with `interruptedBy(…)` as its reason. */
  readonly interrupt: AbortSignal;
  /** 'root@backup1': what a guest tells a second comer. */
  readonly owner: string;
  readonly version: string;
  /** For everything before the window, and again for removing old sets after it. */
  readonly timeoutMs: number;
  /** For a lock that another run holds; 0: try once. */
  readonly waitMs: number;
  readonly note?: string;
  readonly key?: string;
  /** Overrides the group's own. */
  readonly require?: Level;
  readonly weak?: 'keep' | 'remove';
}

/** What a run has opened and prepared so far, to be closed and taken away whatever happens. */
export interface Opened {
  readonly label: CutLabel;
  readonly channels: GuestChannel[];
  /** Guest snapshots that stand. */
  readonly begun: GuestSnapshotRecord[];
  /** VMs of which one was to be made: also one that failed at it may carry something of ours. */
  readonly pointed: Map<VmName, VmIdentity>;
  readonly armed: Map<ArrayId, ArmedCut>;
  /** Arrays that were asked to prepare: also one that failed at it may carry something of ours. */
  readonly touched: Set<ArrayId>;
  /** Of these, the ones whose answer never came: they may still prepare. */
  readonly unanswered: Set<ArrayId>;
}

/** A run that has been through its window. */
export interface Past {
  readonly plan: Plan;
  readonly record: WindowRecord;
  readonly opened: Opened;
  readonly journal: Journal;
  /** When the placement was last known to be as planned, by the run's clock. */
  readonly sinceMs: number;
}

/** A guest snapshot that stays where it is, or may. */
export interface Standing {
  readonly guest: VmName;
  readonly why: string;
}

/** How a run ended. */
export interface RunReport extends RunResult {
  readonly manifest?: Manifest;
  readonly remains: readonly Remains[];
  /** What `fault` was made of: for the stack of a bug. */
  readonly failure?: Fault;
}

export function driverOf(parts: World, array: ArrayId): ArrayDriver {
  const driver = parts.drivers.get(array);
  if (driver === undefined) throw new Error(`the plan names array ${array}, and there is no driver of it`);
  return driver;
}
