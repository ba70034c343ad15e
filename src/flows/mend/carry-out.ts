import type { Deadline } from '../../base/deadline.ts';
import { EXIT } from '../../base/fault.ts';
import { gather } from '../../base/gather.ts';
import { unreachable } from '../../base/unreachable.ts';
import type { Journal } from '../../catalog/journal.ts';
import { writeManifest } from '../../catalog/manifest.ts';
import type { ArrayId, CutLabel, SetState, VmName } from '../../model.ts';
import { answerLine } from '../snapshot/report.ts';
import { removeEach } from '../undo/take-back.ts';
import type { MendParts, Page } from './parts.ts';
import type { RunMending, RunSeen, TakeBack } from './plan.ts';
import { intendedText, isWork, lateText, lineOf, notOursText, staysOpen } from './words.ts';

export interface Work {
  readonly parts: MendParts;
  readonly journal: Journal;
  readonly seen: RunSeen;
  /** Guests of which it is not known that they write. */
  readonly held: readonly VmName[];
  readonly page: Page;
  readonly limit: Deadline;
}

/** Does what was planned for one run; what it cannot do is left on the page, and stays open. */
export async function carryOut(work: Work, plan: RunMending): Promise<void> {
  const { page, seen } = work;
  const { id } = seen.run;
  switch (plan.kind) {
    case 'leave':
      page.left.push(...staysOpen(id, plan));
      return;
    case 'close':
    case 'keep': {
      const failed = await disarmAll(work, plan.disarm);
      page.left.push(...failed.map((text) => `run ${id}: ${text}`));
      // As long as something may be prepared on an array, the run keeps no last word, and is looked at again.
      if (failed.length > 0 || !isWork(plan)) return;
      if (plan.kind === 'keep') await writeManifest(work.parts.state, plan.manifest);
      const line = plan.kind === 'keep' ? answerLine(plan.manifest) : lineOf(seen);
      await lastWord(
        work,
        (plan.kind === 'keep' ? plan.manifest.state : seen.set?.state) === 'good' ? 'good' : 'weak',
        line,
        intendedText(plan),
      );
      break;
    }
    case 'take-back': {
      if (!isWork(plan)) return;
      const left = await gather(plan.arrays, (array) => takeBack(work, array));
      work.limit.signal.throwIfAborted();
      for (const [index, outcome] of left.entries()) {
        const array = plan.arrays[index]?.array ?? '';
        const texts = outcome.ok ? outcome.value : [outcome.fault.message];
        page.left.push(...texts.map((text) => `run ${id}: array ${array}: ${text}`));
      }
      if (seen.run.record.result === undefined) await lastWord(work, 'failed', `${id}  failed`, plan.because);
      break;
    }
    default:
      return unreachable(plan);
  }
  page.mended.push({ id, kind: plan.kind, text: intendedText(plan) });
}

/** By label and identity; each step is in the journal before the next. Answers what stays, in sentences. */
async function takeBack(
  { parts, journal, seen, limit }: Work,
  { array, remove, notOurs, late }: TakeBack,
): Promise<readonly string[]> {
  const { intent, entries } = seen.run.record;
  const driver = parts.drivers.get(array);
  if (intent === undefined || driver === undefined) return [];
  await driver.disarm(intent.label, limit);
  for (const snapshot of remove) {
    const isNoted = entries.some((entry) => entry.type === 'taken' && entry.snapshot.id === snapshot.id);
    if (!isNoted) await journal.note({ type: 'taken', snapshot });
  }
  const { left, why } = await removeEach(parts, driver, remove, limit, ({ id }) =>
    journal.note({ type: 'removed', array, id }),
  );
  limit.signal.throwIfAborted();
  const open = [
    ...left.map(({ name }) => `${name} could not be removed: ${why}`),
    ...notOurs.map(notOursText),
    ...(late === undefined ? [] : [lateText(late)]),
  ];
  if (open.length === 0) await journal.note({ type: 'clean', array });
  else
    await noteRemains(
      journal,
      entries,
      array,
      open.join('; '),
      open.length === 1 ? late?.until.toISOString() : undefined,
    );
  return open;
}

/** Not said again in the same words: a second look that finds the same writes nothing. */
async function noteRemains(
  journal: Journal,
  entries: RunSeen['run']['record']['entries'],
  array: ArrayId,
  why: string,
  until: string | undefined,
): Promise<void> {
  const last = entries.filter((entry) => entry.type === 'remains' && entry.array === array).at(-1);
  if (last?.type === 'remains' && last.why === why) return;
  await journal.note({ type: 'remains', array, why, ...(until === undefined ? {} : { until }) });
}

async function disarmAll({ parts, seen, limit }: Work, arrays: readonly ArrayId[]): Promise<readonly string[]> {
  const label: CutLabel | undefined = seen.run.record.intent?.label;
  const outcomes = await gather(arrays, async (array) => {
    if (label !== undefined) await parts.drivers.get(array)?.disarm(label, limit);
  });
  limit.signal.throwIfAborted();
  return outcomes.flatMap((outcome, index) =>
    outcome.ok
      ? []
      : [`array ${arrays[index]}: what was prepared there could not be taken away: ${outcome.fault.message}`],
  );
}

const DIED = { code: 'run.died', message: 'the run crashed or was killed (no result recorded); mend finished it' };

/** The word that the run itself could not write. */
async function lastWord(work: Work, state: SetState, line: string, what: string): Promise<void> {
  const { parts, journal, seen, held } = work;
  const { run } = seen;
  const exits: Readonly<Record<SetState, number>> = {
    good: EXIT.done,
    weak: EXIT.weaker,
    failed: run.record.entries.some(({ type }) => type === 'opening') ? EXIT.windowFailed : EXIT.notPrepared,
  };
  await journal.finish({
    v: 1,
    run: run.id,
    group: run.group,
    finishedAt: parts.clock.date().toISOString(),
    state,
    exit: held.length > 0 ? EXIT.guestMayBeHeld : exits[state],
    line,
    because: state === 'good' ? [] : [what],
    fault: run.record.result?.fault ?? DIED,
    mayBeHeld: held,
  });
}
