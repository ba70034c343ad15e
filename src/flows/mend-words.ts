import { localTime } from '../base/local-time.ts';
import { unreachable } from '../base/unreachable.ts';
import type { SetId } from '../model.ts';
import type { Late } from './clean-up.ts';
import type { RunMending, RunSeen, TakeBack } from './mend-plan.ts';
import { answerLine } from './report.ts';

/** What is, or would be, done about a run. */
export function intendedText(plan: RunMending): string {
  switch (plan.kind) {
    case 'keep':
      return plan.manifest.state === 'good'
        ? `all ${plan.manifest.snapshots.length} snapshots are there, and the run had proved them: sealed as a good set`
        : `all ${plan.manifest.snapshots.length} snapshots are there: kept as a weak set`;
    case 'close':
      return 'its set stands; what it prepared on the arrays is taken away';
    case 'leave':
      return plan.because;
    case 'take-back':
      return `${takenText(plan.arrays)} (${plan.because})`;
    default:
      return unreachable(plan);
  }
}

/** Of a run about which nothing is decided here: a person can, who knows that it may go. */
export function staysText(id: SetId, because: string): string {
  return `run ${id} stays as it is: ${because} (to take away what it left, whatever it is: stillpoint remove ${id})`;
}

function takenText(arrays: readonly TakeBack[]): string {
  const names = arrays.flatMap(({ array, remove }) => remove.map(({ name }) => `${array}: ${name}`));
  return names.length === 0 ? 'it left no snapshot' : `taken back: ${names.join(', ')}`;
}

export function lateText({ what, until }: Late): string {
  const subject = what === 'snapshot' ? 'a snapshot' : 'what was being prepared there';
  return `an answer is missing, so that ${subject} may still appear until ${localTime(until)}`;
}

/** The answer line of a run whose set stands. */
export function lineOf({ set, run }: RunSeen): string {
  return set === undefined || set.state === 'unreadable' ? run.id : answerLine(set.manifest);
}
