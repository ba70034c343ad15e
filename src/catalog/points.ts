import type { VmName } from '../model.ts';
import type { RunRecord } from './journal.ts';

/** A VM on which a run may have left a guest snapshot. */
export interface PointLeft {
  readonly vm: VmName;
  /** What the VM is found by. */
  readonly instanceUuid: string;
  /** Why it may still stand. */
  readonly why: string;
}

/**
 * Guest snapshots that a run began, and has not seen to be gone. In doubt one is looked for, and only what carries the
 * run's label is then removed.
 */
export function openPoints({ entries, result }: RunRecord): readonly PointLeft[] {
  const open = new Map<VmName, PointLeft>();
  for (const entry of entries) {
    if (entry.type === 'beginning') {
      const why = result === undefined ? 'the run crashed or was killed' : 'the run did not remove it';
      open.set(entry.vm, { vm: entry.vm, instanceUuid: entry.instanceUuid, why });
    } else if (entry.type === 'concluded') {
      open.delete(entry.vm);
    } else if (entry.type === 'stands') {
      const left = open.get(entry.vm);
      if (left !== undefined) open.set(entry.vm, { ...left, why: entry.why });
    }
  }
  return [...open.values()];
}
