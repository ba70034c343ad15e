import {
  type CutLabel,
  type GuestSnapshotRecord,
  levelText,
  type Plan,
  type PlannedGuest,
  type PlannedStage,
  type Verdict,
  type WindowRecord,
} from '../model.ts';
import { verdict } from '../window/verdict.ts';

/** What a run of this plan can prove at best. */
export function bestVerdict(plan: Plan): Verdict {
  return verdict(plan, perfectRecord(plan), 'same');
}

/** The same as it is printed: 'filesystem (boot disks: crash)'. */
export function bestText(plan: Plan): string {
  return levelText(bestVerdict(plan));
}

/**
 * The record of a run of this plan in which nothing goes wrong. The verdict on it is the best that a run can reach, so
 * plan and verdict cannot disagree. An array that never says that the instant is past does not say it here either.
 */
function perfectRecord(plan: Plan): WindowRecord {
  const [heldAtMs, upAtMs, openMs, commitMs, releaseSentAtMs] = [1, 2, 3, 4, 5];
  return {
    startedAt: plan.placement.takenAt,
    openedAtMs: 0,
    closedAtMs: 6,
    guestSnapshots: plan.guests.flatMap((guest) =>
      guest.stages.flatMap((stage, index) =>
        stage.makes === 'snapshot' ? [perfectSnapshot(guest, stage, index)] : [],
      ),
    ),
    holds: plan.guests.flatMap((guest) =>
      guest.stages.flatMap((stage, index) =>
        stage.makes === 'snapshot'
          ? []
          : [
              {
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
              },
            ],
      ),
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

function perfectSnapshot({ vm, instanceUuid }: PlannedGuest, stage: PlannedStage, index: number): GuestSnapshotRecord {
  const { method, gives, covers } = stage;
  const label = 'planned' as CutLabel;
  const snapshot = { vm, instanceUuid, method, label, id: '', name: '', createdAt: '' };
  return { vm, stage: index, method, gives, covers, sentAtMs: -2, standsAtMs: -1, snapshot };
}
