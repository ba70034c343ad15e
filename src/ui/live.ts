import ora from 'ora';
import { seconds } from '../base/deadline.ts';
import type { RunEvent } from '../ports.ts';
import type { Output, OutputParts } from './output.ts';
import { paintedText, plainOutput } from './plain.ts';
import { harmless, WIDTH } from './text.ts';
import { eventText, stepText } from './words.ts';

type Terminal = NodeJS.WritableStream & { readonly columns?: number };

/** A line that moves, for a terminal: the step that is going on, and above it what is done and what went wrong. */
export function liveOutput(parts: OutputParts, stream: Terminal): Output {
  const { err, clock, paint, verbose } = parts;
  const plain = plainOutput(parts);
  const waits = new Map<string, number>();
  const waiting = (): string => {
    const all = [...waits].map(([what, sinceMs]) => ({ for: what, forMs: clock.now() - sinceMs, over: false }));
    const text = all.map((wait) => harmless(eventText({ type: 'waiting', ...wait }))).join(', ');
    return text === '' || spinner.text === '' ? text : `(${text})`;
  };
  // Standard input and the cursor are left alone: both would bring signal handlers that we have not chosen.
  const spinner = ora({
    stream: withColumns(stream),
    color: false,
    discardStdin: false,
    hideCursor: false,
    suffixText: waiting,
  });
  let step: { readonly text: string; readonly sinceMs: number } | undefined;

  const say = (lines: readonly string[]): void => {
    const spinning = spinner.isSpinning;
    if (spinning) spinner.stop();
    err.lines(lines);
    if (spinning) spinner.start();
  };
  const endStep = (sign: string): void => {
    if (spinner.isSpinning) spinner.stop();
    if (step !== undefined) err.lines([`${sign} ${step.text}  ${paint.dim(seconds(clock.now() - step.sinceMs))}`]);
    step = undefined;
  };

  /** A command that has no steps moves its line only as long as it is waiting. */
  const withoutStep = (): void => {
    spinner.text = '';
    if (waits.size === 0) spinner.stop();
    else if (!spinner.isSpinning) spinner.start();
  };

  const emit = (event: RunEvent): void => {
    if (event.type === 'step') {
      endStep(paint.dim('·'));
      step = { text: stepText(event.step, event.detail), sinceMs: clock.now() };
      // A terminal that is stopped by Ctrl-S blocks whoever writes to it: nothing moves while guests are held.
      if (event.step === 'window') err.lines([`  ${step.text} …`]);
      else spinner.start(harmless(step.text));
    } else if (event.type === 'waiting') {
      if (event.over) waits.delete(event.for);
      else waits.set(event.for, clock.now() - event.forMs);
      if (step === undefined) withoutStep();
      if (verbose) say([`  ${paintedText(event, paint)}`]);
    } else if (event.type === 'outcome') {
      endStep(event.state === 'failed' ? paint.bad('✖') : paint.good('✔'));
    } else if (verbose || isWorthSaying(event)) {
      say([`  ${paintedText(event, paint)}`]);
    }
  };
  const mark = (exit: number): string => (exit === 0 ? paint.good('✔') : paint.bad('✖'));
  return {
    emit,
    note: say,
    document(lines, document) {
      endStep(mark(0));
      plain.document(lines, document);
    },
    result(answer) {
      endStep(mark(answer.exit));
      plain.result(answer);
    },
    fault(fault, place) {
      endStep(mark(fault.exit));
      plain.fault(fault, place);
    },
    close(exit) {
      endStep(mark(exit));
      return plain.close(exit);
    },
  };
}

/**
 * A terminal that says it has no columns (those that CI runners and expect make) as one of 80: ora 9.4 divides by them,
 * and then never comes back.
 */
function withColumns(stream: Terminal): NodeJS.WritableStream {
  return Object.create(stream, { columns: { get: () => stream.columns || WIDTH } });
}

/** The rest is in the log, and here with `--verbose`. */
function isWorthSaying(event: RunEvent): boolean {
  switch (event.type) {
    case 'run':
    case 'may-be-held':
    case 'interrupted':
      return true;
    case 'finding':
      return event.finding.severity !== 'note';
    case 'guest':
      return event.is === 'held' || event.is === 'not-held' || (event.is === 'released' && event.release !== 'kept');
    case 'array':
      return event.is === 'cut' || event.is === 'refused' || event.is === 'unknown';
    case 'window':
      return event.is === 'closed';
    default:
      return false;
  }
}
