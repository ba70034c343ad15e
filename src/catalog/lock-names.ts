import type { LockName } from '../base/lock.ts';
import type { Plan } from '../model.ts';

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
