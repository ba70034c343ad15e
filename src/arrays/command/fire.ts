import type { Clock } from '../../base/clock.ts';
import { sleep } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import { settle } from '../../base/gather.ts';
import { lastLine } from '../../base/quoted.ts';
import type { CutUnit } from '../../model.ts';
import type { CommandResult, Fired, Shell } from '../../ports.ts';
import { unitName } from '../armed.ts';
import { lastWords } from '../box.ts';
import { wrongWithName } from '../names.ts';
import { reasonFor } from '../reasons.ts';
import { ANSWER_LIMIT_MS, runsFor, said } from './api.ts';
import type { CommandSettings } from './config.ts';
import { anyLine, matchLines } from './pattern.ts';
import type { Values } from './template.ts';
import { fill } from './template.ts';

/** Between two questions whether an accepted snapshot is taken. */
const ASK_EVERY_MS = 100;

/** Faults of a shell that say for certain that nothing was started. */
const NOT_STARTED: ReadonlySet<string> = new Set([
  'command.not-started',
  'command.not-found',
  'command.empty',
  'command.unspeakable',
]);

/** The one command of a unit, and, where it only accepts, the questions after it. */
export async function fireUnit(
  settings: CommandSettings,
  at: { readonly shell: Shell; readonly clock: Clock },
  order: { readonly unit: CutUnit; readonly values: readonly Values[] },
  deadline: Deadline,
): Promise<Fired> {
  const { unit, values } = order;
  const outcome = await settle(() => at.shell.run(fill(settings.snapshot.run, values), { deadline }));
  if (!outcome.ok) {
    if (!NOT_STARTED.has(outcome.fault.code)) throw outcome.fault;
    return { kind: 'refused', unit, why: outcome.fault.of(`array ${unit.array}: snapshot of ${unitName(unit)}`) };
  }
  const result = outcome.value;
  if (result.exit === null) throw unanswered(`its command did not end by itself: ${lastWords(result)}`);
  if (result.exit !== 0) return failed(settings, unit, result.exit, result);
  if (settings.answers !== 'accepted') return { kind: 'cut', unit };
  if (settings.settled === undefined) {
    throw unanswered(`it was accepted, and nothing tells when it is taken (arrays.${unit.array}.settled)`);
  }
  const job = jobIn(settings.snapshot.job, result.stdout);
  const asked = job === undefined ? values : values.map((one) => ({ ...one, job }));
  const end = await ask(settings.settled, at, asked, deadline);
  return end === undefined ? { kind: 'cut', unit } : { kind: 'refused', unit, why: refused(unit, end) };
}

/**
 * With `answers: cut`, any exit but 0 means that it will not be. Else a failure proves nothing, unless it says what the
 * topology knows as a refusal. That of an `accepted` one also tells that its program is not there.
 */
function failed(settings: CommandSettings, unit: CutUnit, exit: number, result: CommandResult): Fired {
  const words = lastWords(result);
  const { refused: no } = settings.snapshot;
  const absent = settings.answers === 'accepted' && (exit === 126 || exit === 127);
  const certain = absent || (no !== undefined && anyLine(no, said(result), ANSWER_LIMIT_MS));
  if (settings.answers !== 'cut' && !certain) {
    throw unanswered(`its command failed with exit ${exit}: ${words}`);
  }
  return { kind: 'refused', unit, why: refused(unit, `exit ${exit}${words === '' ? '' : `: ${words}`}`, exit, words) };
}

function jobIn(pattern: string | undefined, stdout: string): string | undefined {
  if (pattern === undefined) return undefined;
  const hits = matchLines(pattern, stdout.split('\n'), ANSWER_LIMIT_MS);
  const job = hits.find((hit) => hit?.groups.job !== undefined)?.groups.job;
  if (job === undefined) throw unanswered('what it printed names no job');
  const wrong = wrongWithName(job);
  if (wrong !== undefined) throw unanswered(`the job that it printed ${wrong}`);
  return job;
}

/** undefined: it is taken. Else what it said when it was not. Asks until the deadline. */
async function ask(
  settled: NonNullable<CommandSettings['settled']>,
  at: { readonly shell: Shell; readonly clock: Clock },
  values: readonly Values[],
  deadline: Deadline,
): Promise<string | undefined> {
  let open = runsFor(settled.run, values);
  for (;;) {
    const results = await Promise.all(open.map((group) => at.shell.run(fill(settled.run, group), { deadline })));
    const texts = results.map(said);
    const lost = texts.find((text) => settled.failed !== undefined && anyLine(settled.failed, text, ANSWER_LIMIT_MS));
    if (lost !== undefined) return lastLine(lost);
    open = open.filter((_, index) => !anyLine(settled.done, texts[index] ?? '', ANSWER_LIMIT_MS));
    if (open.length === 0) return undefined;
    await sleep(at.clock, ASK_EVERY_MS, deadline.signal);
    deadline.signal.throwIfAborted();
  }
}

function refused(unit: CutUnit, how: string, exit: number | null = null, words = how): Fault {
  const known = reasonFor(exit, words);
  return new Fault({
    code: known?.code ?? 'array.refused',
    message: `array ${unit.array}: snapshot of ${unitName(unit)} refused: ${how}`,
    hint: known?.hint ?? 'Try the same command there by hand.',
    exit: EXIT.windowFailed,
  });
}

function unanswered(why: string): Fault {
  return new Fault({ code: 'array.unanswered', message: why });
}
