import { localTime } from '../../base/local-time.ts';
import { unreachable } from '../../base/unreachable.ts';
import type { ArraySnapshot, Manifest, SetId } from '../../model.ts';
import { answerLine } from '../snapshot/report.ts';
import type { Late } from '../undo/take-back.ts';
import type { RunMending, RunSeen, TakeBack } from './plan.ts';

/** What is, or would be, done about a run. */
export function intendedText(plan: RunMending): string {
  switch (plan.kind) {
    case 'keep':
      return plan.manifest.state === 'good'
        ? `all ${plan.manifest.snapshots.length} snapshots are there, and the run had proved them: sealed as a good set`
        : `all ${plan.manifest.snapshots.length} snapshots are there${whenText(plan.manifest)}: kept as a weak set`;
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

function whenText({ window }: Manifest): string {
  return window.fires.length === 0 ? ', with no record of when they were taken' : '';
}

/** What stays open of a run when its plan has been carried out as well as it can be. */
export function staysOpen(id: SetId, plan: RunMending): readonly string[] {
  switch (plan.kind) {
    case 'leave': {
      const remedy = plan.waits
        ? 'mend again when it can be asked'
        : `to take away what it left: stillpoint remove ${id}`;
      return [`run ${id} stays as it is: ${plan.because} (${remedy})`];
    }
    case 'take-back':
      return plan.arrays.flatMap(({ array, notOurs, late }) =>
        [...notOurs.map(notOursText), ...(late === undefined ? [] : [lateText(late)])].map(
          (text) => `run ${id}: array ${array}: ${text}`,
        ),
      );
    default:
      return [];
  }
}

/** Whether carrying it out does anything: what hangs on an array that could not be asked waits for it. */
export function isWork(plan: RunMending): boolean {
  if (plan.kind === 'leave') return false;
  if (plan.kind === 'keep' || plan.unasked.length === 0) return true;
  return plan.kind === 'take-back' && plan.arrays.length > 0;
}

export function notOursText({ name, source }: ArraySnapshot): string {
  return `${name} (of ${source.name}) carries our label and is not what the run took`;
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
