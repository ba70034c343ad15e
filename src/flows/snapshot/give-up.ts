import { asFault, Fault } from '../../base/fault.ts';
import type { Journal } from '../../catalog/journal.ts';
import type { ArrayId, Verdict, WindowRecord } from '../../model.ts';
import type { Collected } from '../../window/collect.ts';
import { type Decision, exitAfter } from '../../window/outcome.ts';
import { lastSentAt } from '../undo/late.ts';
import { type Late, type Made, takeBack } from '../undo/take-back.ts';
import { cleaning, cleaningOf } from './after-window.ts';
import { finish } from './report.ts';
import { driverOf, type Opened, type Past, type RunParts, type RunReport, type Standing } from './run-parts.ts';

/** Not kept: all of this run goes, and nothing of any other. */
export async function giveUp(
  parts: RunParts,
  { plan, record, opened }: Past,
  papers: Journal,
  decision: Decision,
  judged: Verdict,
  seen: Collected & { readonly standing: readonly Standing[] },
): Promise<RunReport> {
  const limit = cleaning(parts);
  const drivers = [...opened.touched].map((array) => driverOf(parts, array));
  const open = new Map([...seen.unsettled].map((array) => [array, lateCut(parts, record, array)]));
  const limitOf = cleaningOf(parts, limit, seen.silent);
  const remains = await takeBack(parts, drivers, madeBy(opened), papers, open, limitOf);
  limit.done();
  const exit = exitAfter(decision, { leftovers: remains.length + seen.standing.length, unsealed: false });
  return finish(parts, {
    decision,
    exit,
    verdict: judged,
    remains,
    standing: seen.standing,
    window: { plan, record },
    fault: whyGivenUp(parts, record, judged, seen, decision),
  });
}

/** Only an array that was armed can have been fired at. */
export function madeBy({ label, armed }: Opened): Made {
  return { label, units: new Map([...armed].map(([array, { units }]) => [array, units])) };
}

/** As long as an array may still cut what it has not answered. */
export function lateCut(parts: RunParts, record: WindowRecord, array: ArrayId): Late {
  return late(parts, array, 'snapshot', lastSentAt(record, array));
}

/** As long as an array may still prepare: its answer was waited for until now. */
export function lateArm(parts: RunParts, array: ArrayId): Late {
  return late(parts, array, 'prepared', parts.clock.date());
}

function late(parts: RunParts, array: ArrayId, what: Late['what'], sentAt: Date): Late {
  return { what, until: new Date(sentAt.getTime() + driverOf(parts, array).traits.lateMs) };
}

function whyGivenUp(
  { interrupt }: RunParts,
  { stopped }: WindowRecord,
  judged: Verdict,
  seen: Collected,
  { state, exit }: Decision,
): Fault {
  if (stopped !== undefined) return new Fault({ ...stopped, exit });
  if (interrupt.aborted) return asFault(interrupt.reason);
  const [missing] = seen.missing;
  if (missing !== undefined) {
    return new Fault({
      code: 'run.incomplete',
      message: seen.unsettled.has(missing.array)
        ? `it is not known whether array ${missing.array} has a snapshot of ${missing.name}`
        : `array ${missing.array} has no snapshot of ${missing.name}`,
      exit,
    });
  }
  const why = judged.because[0] ?? 'it proves less than was required';
  const what = state === 'weak' ? 'the set was weak and was removed' : 'the set was removed';
  return new Fault({ code: 'run.not-kept', message: `${what}: ${why}`, exit });
}
