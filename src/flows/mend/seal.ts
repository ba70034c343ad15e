import type { Intent } from '../../catalog/intent.ts';
import type { Judged, RunRecord } from '../../catalog/journal.ts';
import type { ArraySnapshot, Manifest, Plan, Verdict, WindowRecord } from '../../model.ts';
import { decide } from '../../window/outcome.ts';
import { verdict } from '../../window/verdict.ts';

/** A run that died with every snapshot on its array. */
export interface Unsealed {
  readonly record: RunRecord;
  readonly intent: Intent;
  readonly plan: Plan;
  readonly snapshots: readonly ArraySnapshot[];
  readonly now: Date;
}

/** What the run itself concluded, if it came so far. */
export function judgedBy({ entries }: RunRecord): Judged | undefined {
  return entries.filter((entry) => entry.type === 'judged').at(-1);
}

/**
 * The manifest that the run did not come to write. Pure. Good only if the run would have sealed the same: the record of
 * its window is there, it had compared the placement after it and found it the same, it had seen these very snapshots,
 * and the verdict of its papers is the one that it noted. What of that is missing was never proved: weak.
 */
export function sealedLater(run: Unsealed): Manifest {
  const { intent, plan, snapshots, now } = run;
  const window = run.record.window ?? lostRecord(run.record, intent);
  const judged = judge(run, window);
  const { state } = decide({
    require: intent.require,
    guestsTouched: true,
    fired: true,
    complete: true,
    placement: provedPlacement(run),
    verdict: judged,
    removeWeak: false,
    bug: false,
    mayBeHeld: [],
  });
  const { run: id, label, group, stillpoint, note, key } = intent;
  return {
    v: 1,
    id,
    label,
    group,
    state: state === 'good' ? 'good' : 'weak',
    takenAt: window.startedAt,
    finishedAt: now.toISOString(),
    stillpoint,
    ...(note === undefined ? {} : { note }),
    ...(key === undefined ? {} : { key }),
    windowMs: window.closedAtMs - window.openedAtMs,
    plan,
    window,
    verdict: judged,
    snapshots,
  };
}

/** What is known of a window whose record never came to the disk: nothing but when it was about to open. */
function lostRecord({ entries }: RunRecord, intent: Intent): WindowRecord {
  const opening = entries.find((entry) => entry.type === 'opening');
  return {
    startedAt: opening?.at ?? intent.startedAt,
    openedAtMs: 0,
    closedAtMs: 0,
    holds: [],
    fences: [],
    fires: [],
    stopped: { code: 'run.died', message: 'the run ended before the record of its window was on disk' },
  };
}

function judge(run: Unsealed, window: WindowRecord): Verdict {
  const own = verdict(run.plan, window, provedPlacement(run));
  const isProved = own.level !== 'unproven' && own.level === judgedBy(run.record)?.level;
  if (isProved) return own;
  const unread = verdict(run.plan, window, 'unread');
  const first =
    run.record.window === undefined
      ? 'the run ended before the record of its window was on disk: nothing is known of its holds, nor of when its snapshots were taken'
      : 'the run ended before it could seal the set; mend did';
  return { ...unread, because: [first, ...unread.because] };
}

/** A journal of which a line is lost proves nothing; nor do snapshots that the run itself has not seen. */
function provedPlacement({ record, snapshots }: Unsealed): 'same' | 'unread' {
  const seen = new Set(
    record.entries.flatMap((entry) =>
      entry.type === 'taken' ? [`${entry.snapshot.array} ${entry.snapshot.name} ${entry.snapshot.id}`] : [],
    ),
  );
  const isWhole = record.window !== undefined && record.faults.length === 0;
  const allSeen = snapshots.every(({ array, name, id }) => seen.has(`${array} ${name} ${id}`));
  return isWhole && allSeen && judgedBy(record)?.placement === 'same' ? 'same' : 'unread';
}
