import { z } from 'zod';
import type { ArrayId, CutLabel, CutUnit, Level, Plan, SetId, Timing, VmName } from '../model.ts';
import { cutLabel, cutUnit, instant, level, setId, timing } from './shapes.ts';

/**
 * What a run is about to do, on disk before it touches anything: all that a clean-up needs to find and judge what the
 * run may have left, without vSphere and without the topology as it was.
 */
export interface Intent {
  readonly v: 1;
  readonly run: SetId;
  readonly label: CutLabel;
  readonly group: string;
  readonly startedAt: string;
  readonly stillpoint: string;
  readonly note?: string;
  readonly key?: string;
  readonly require: Level;
  readonly best: Level;
  readonly timing: Timing;
  readonly guests: readonly IntendedGuest[];
  readonly arrays: readonly IntendedArray[];
}

interface IntendedGuest {
  readonly vm: VmName;
  readonly ref: string;
  readonly instanceUuid: string;
  readonly optional: boolean;
  /** Those that hold it: a guest snapshot leaves nobody in doubt. */
  readonly methods: readonly string[];
}

interface IntendedArray {
  readonly array: ArrayId;
  readonly make: string;
  readonly fence: boolean;
  /** With the ids and names of their volumes, as the array had them. */
  readonly units: readonly CutUnit[];
}

export const intentShape: z.ZodType<Intent, unknown> = z.object({
  v: z.literal(1),
  run: setId,
  label: cutLabel,
  group: z.string(),
  startedAt: instant,
  stillpoint: z.string(),
  note: z.string().exactOptional(),
  key: z.string().exactOptional(),
  require: level,
  best: level,
  timing,
  guests: z.array(
    z.object({
      vm: z.string(),
      ref: z.string(),
      instanceUuid: z.string(),
      optional: z.boolean(),
      methods: z.array(z.string()),
    }),
  ),
  arrays: z.array(z.object({ array: z.string(), make: z.string(), fence: z.boolean(), units: z.array(cutUnit) })),
});

/** The essentials of a plan. */
export function intentOf(
  plan: Plan,
  run: Pick<Intent, 'run' | 'label' | 'startedAt' | 'stillpoint' | 'note' | 'key'>,
): Intent {
  return {
    v: 1,
    ...run,
    group: plan.group,
    require: plan.require,
    best: plan.best,
    timing: plan.timing,
    guests: plan.guests.map(({ vm, ref, instanceUuid, optional, stages }) => ({
      vm,
      ref,
      instanceUuid,
      optional,
      methods: stages.filter(({ makes }) => makes === undefined).map(({ method }) => method),
    })),
    arrays: plan.arrays.map(({ array, make, fence, units }) => ({ array, make, fence, units })),
  };
}
