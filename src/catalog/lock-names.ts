import type { LockName } from '../base/lock.ts';
import type { HeldLock } from '../base/lock-file.ts';
import type { Plan, SetId } from '../model.ts';
import { parseSetId } from './names.ts';

/** What a run locks: its group, every VM by its instance UUID (names change), and every cut unit. */
export function lockNames(plan: Plan): readonly LockName[] {
  return [
    { key: `group:${plan.group}`, shown: `group ${plan.group}` },
    ...plan.guests.map((guest) => ({ key: `vm:${guest.instanceUuid}`, shown: `guest ${guest.vm}` })),
    ...plan.arrays.flatMap((array) =>
      array.units.map((unit) => ({
        key: `unit:${unit.id}`,
        shown: `array ${array.array}: ${unit.volumes.map((volume) => volume.name).join(', ')}`,
      })),
    ),
  ];
}

/** Runs that still go on, or of which it cannot be seen from here that they do not. */
export function runningRuns(locks: readonly HeldLock[]): ReadonlySet<SetId> {
  return new Set(
    locks.flatMap((lock) =>
      lock.kind === 'owned' && lock.liveness !== 'gone' ? (parseSetId(lock.owner.run)?.id ?? []) : [],
    ),
  );
}
