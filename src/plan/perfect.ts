import type { Plan, WindowRecord } from '../model.ts';

/**
 * The record of a run of this plan in which nothing goes wrong. The verdict on it is the best that a run can reach, so
 * plan and verdict cannot disagree. An array that never says that the instant is past does not say it here either.
 */
export function perfectRecord(plan: Plan): WindowRecord {
  const [heldAtMs, upAtMs, openMs, commitMs, releaseSentAtMs] = [1, 2, 3, 4, 5];
  return {
    startedAt: plan.placement.takenAt,
    openedAtMs: 0,
    closedAtMs: 6,
    holds: plan.guests.flatMap((guest) =>
      guest.stages.map((stage, index) => ({
        vm: guest.vm,
        stage: index,
        method: stage.method,
        leaseMs: plan.timing.windowMs,
        sentAtMs: 0,
        heldAtMs,
        gives: stage.gives,
        covers: stage.covers,
        releaseSentAtMs,
        releasedAtMs: 6,
        release: 'kept' as const,
      })),
    ),
    fences: plan.arrays.filter(({ fence }) => fence).map(({ array }) => ({ array, sentAtMs: heldAtMs, upAtMs })),
    fires: plan.arrays.flatMap(({ array, units, fence, answersCut }) => {
      const sentAtMs = fence ? commitMs : openMs;
      return units.map((unit) => ({
        array,
        unit: unit.id,
        fenced: fence,
        sentAtMs,
        ...(answersCut ? { answeredAtMs: sentAtMs, outcome: 'cut' as const } : { outcome: 'unknown' as const }),
      }));
    }),
  };
}
