import { type Deadline, deadline, hurried } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { AFTER_SIGNAL_MS } from '../../base/interrupt.ts';
import { clockTime } from '../../base/local-time.ts';
import type { ArrayId } from '../../model.ts';
import type { RunParts } from './run-parts.ts';

/**
 * The times of what comes after the window. None of them is `--timeout`: guests in doubt and locks wait for what is done
 * here, and whatever does not answer can be left to `mend`.
 */

/** So long it is worth looking for a snapshot whose outcome nobody knows. */
const SETTLE_MS = 15_000;
/** An array that is asked to give back what a run made on it; arrays are asked side by side. */
const CLEAN_UP_MS = 30_000;
/** Of these, for one that has not answered a single look: that took the others. */
const SILENT_MS = CLEAN_UP_MS - SETTLE_MS;
/** All guest snapshots of a run. */
const MERGE_MS = 15 * 60_000;
/** vSphere, for where the disks lie. */
const PLACEMENT_MS = 60_000;

type Timed = Pick<RunParts, 'clock' | 'interrupt' | 'emit'>;

export function settling(parts: Timed): Deadline {
  const limit = inHaste(parts, SETTLE_MS, 'looking for the snapshots');
  const detail = parts.interrupt.aborted ? { detail: until(parts, limit) } : {};
  parts.emit({ type: 'step', step: 'collect', ...detail });
  return limit;
}

export function placing(parts: Timed): Deadline {
  parts.emit({ type: 'step', step: 'verify-placement' });
  return inHaste(parts, PLACEMENT_MS, 'looking where the disks lie');
}

/**
 * What `arm` made goes, also where the set stays. A signal ends it call by call (`arrays/watched.ts`): an array that
 * answers is cleaned to its end.
 */
export function disarming({ clock }: Timed): Deadline {
  return deadline(clock, CLEAN_UP_MS, 'cleaning up');
}

/** The same of a run that keeps nothing: with its snapshots. It is said when it is over at the latest. */
export function cleaning(parts: Timed): Deadline {
  const limit = disarming(parts);
  parts.emit({ type: 'step', step: 'clean-up', detail: until(parts, limit) });
  return limit;
}

/** A guest snapshot's delta is merged while the guest writes, which takes vSphere minutes. A signal leaves it to `mend`. */
export function merging(parts: Timed): Deadline {
  const limit = inHaste(parts, MERGE_MS, 'removing guest snapshots');
  parts.emit({ type: 'step', step: 'guest-snapshots-removed', detail: until(parts, limit) });
  return limit;
}

/** Each array's part of the clean-up. Where a signal has come, one that was silent until now is not asked again. */
export function cleaningOf(
  { interrupt, clock }: Timed,
  whole: Deadline,
  silent: ReadonlySet<ArrayId>,
): (array: ArrayId) => Deadline {
  return (array) => {
    if (!silent.has(array)) return whole;
    if (!interrupt.aborted) return whole.within(SILENT_MS, 'cleaning up');
    return deadline(clock, SILENT_MS, 'cleaning up', AbortSignal.abort(notAsked()));
  };
}

function inHaste({ clock, interrupt }: Timed, ms: number, label: string): Deadline {
  const whole = deadline(clock, ms, label);
  const limit = hurried(clock, whole, interrupt, AFTER_SIGNAL_MS);
  return {
    ...limit,
    done() {
      limit.done();
      whole.done();
    },
  };
}

function until({ clock }: Timed, limit: Deadline): string {
  return `until ${clockTime(new Date(clock.date().getTime() + limit.remainingMs()))} at the latest`;
}

function notAsked(): Fault {
  return new Fault({
    code: 'array.unanswered',
    message: 'it did not answer, and was not asked again after the signal',
  });
}
