import type { Clock } from '../../base/clock.ts';
import { EXIT } from '../../base/fault.ts';
import type { Locks } from '../../base/lock.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import type { ArrayId, CutLabel, SetId, VmName } from '../../model.ts';
import type { ArrayDriver, Emit } from '../../ports.ts';
import type { Topology } from '../../topology/topology.ts';
import type { GuestSide } from '../survey.ts';
import { type AskedGuest, mayStandStill } from './guests.ts';
import type { Foreign } from './look.ts';
import type { RunMending } from './plan.ts';

export interface MendParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly state: StateFolder;
  readonly locks: Locks;
  readonly topology: Topology;
  readonly drivers: ReadonlyMap<ArrayId, ArrayDriver>;
  /** Those that may have to be asked. */
  readonly guests: ReadonlyMap<VmName, GuestSide>;
  /** Runs of which a person has to say whether they are over: nothing of theirs is touched. */
  readonly inDoubt: ReadonlySet<SetId>;
  /** Absent: every group. */
  readonly group?: string;
  /** For the lock of a group that another holds; 0: try once. */
  readonly waitMs: number;
}

/** One thing that was mended, or would be. */
export interface Mended {
  /** Of the run, and of its set; of a rebuilt set its label. */
  readonly id: SetId | CutLabel;
  readonly kind: RunMending['kind'] | 'remove' | 'guest-snapshots';
  /** What is, or would be, done: one sentence. */
  readonly text: string;
}

export interface MendReport {
  readonly mended: readonly Mended[];
  readonly guests: readonly AskedGuest[];
  readonly foreign: readonly Foreign[];
  /** What stays open, each in one sentence. */
  readonly left: readonly string[];
  readonly exit: number;
}

/** The report as it grows. */
export interface Page {
  readonly mended: Mended[];
  readonly guests: AskedGuest[];
  readonly left: string[];
  readonly silent: Map<ArrayId, string>;
  locked: boolean;
}

export function exitOf({ guests, locked, mended, left, silent }: Page): number {
  if (guests.some(mayStandStill)) return EXIT.guestMayBeHeld;
  if (locked) return EXIT.locked;
  if (silent.size > 0 && mended.length === 0) return EXIT.notPrepared;
  return left.length > 0 || guests.some(({ is }) => is === 'gone') ? EXIT.weaker : EXIT.done;
}
