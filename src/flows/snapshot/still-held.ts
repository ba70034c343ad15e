import { seconds } from '../../base/deadline.ts';
import { clockTime } from '../../base/local-time.ts';
import { mayBeHeld } from '../../catalog/in-doubt.ts';
import type { Plan, VmName, WindowRecord } from '../../model.ts';
import type { World } from '../survey.ts';

/** A run that has been through its window. */
export interface Passed {
  readonly plan: Plan;
  readonly record: WindowRecord;
}

/** Which guests may still be held, until when, and what to type there. */
export interface StillHeld {
  readonly vms: readonly VmName[];
  readonly message: string;
  readonly hint: string;
}

/** undefined: every guest that was sent a hold has said that it was released. */
export function stillHeld(
  { clock, guests }: Pick<World, 'clock' | 'guests'>,
  { plan, record }: Passed,
): StillHeld | undefined {
  const vms = mayBeHeld(record);
  if (vms.length === 0) return undefined;
  const each = vms.map((vm) => {
    const holds = record.holds.filter((hold) => hold.vm === vm);
    const endsAtMs = Math.max(...holds.map(({ sentAtMs, leaseMs }) => sentAtMs + leaseMs));
    const left = endsAtMs - clock.now();
    const until =
      left > 0
        ? `it releases itself within ${seconds(left)}, at ${clockTime(new Date(clock.date().getTime() + left))}`
        : `its lease ended at ${clockTime(new Date(clock.date().getTime() + left))}, so it should have released itself`;
    return `guest ${vm} may still be held: it did not confirm its release; ${until}`;
  });
  const commands = plan.guests
    .filter(({ vm }) => vms.includes(vm))
    .map(({ vm, stages }) => {
      const quiescers = guests.get(vm)?.quiescers ?? [];
      const typed = stages.flatMap(({ holds }, stage) => quiescers[stage]?.remedy(holds) ?? []);
      return typed.length === 0 ? `see that ${vm} writes again` : `on ${vm}: ${typed.join('; ')}`;
    });
  return {
    vms,
    message: each.join('. '),
    hint: `Look whether it writes again (stillpoint mend asks it). If not: ${commands.join(' · ')} ("Invalid argument" means that it is not frozen).`,
  };
}
