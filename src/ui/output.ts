import type { Clock } from '../base/clock.ts';
import type { Fault } from '../base/fault.ts';
import type { Emit } from '../ports.ts';
import type { FaultPlace } from './fault.ts';
import { jsonOutput } from './json.ts';
import { liveOutput } from './live.ts';
import { type Paint, paintFor } from './paint.ts';
import { plainOutput } from './plain.ts';
import { quietOutput } from './quiet.ts';
import { type Sink, sinkOf } from './sink.ts';

/** How a run that made a set ended. */
export interface RunAnswer {
  readonly exit: number;
  /** The one line on standard output. */
  readonly line: string;
  /** Why it is no better, most important first. */
  readonly because: readonly string[];
  /** The run's log. */
  readonly log?: string;
  /** What the result carries for machines besides: `set`, `state`, `level`, … */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Everything that a command says. Nothing here throws, and nobody who stops reading ends a run. */
export interface Output {
  readonly emit: Emit;
  /** A message beside the answer, for people. */
  note(lines: readonly string[]): void;
  /** The answer of a command that shows something; for machines as one document. */
  document(lines: readonly string[], document: Readonly<Record<string, unknown>>): void;
  /** The answer of a run; of `--json` the last object. */
  result(answer: RunAnswer): void;
  /** The failure; of `--json` the last object. */
  fault(fault: Fault, place?: FaultPlace): void;
  /** Ends progress. Resolves when all is written, or nobody reads any more. */
  close(exit: number): Promise<void>;
}

/** Where an output writes, and with what. */
export interface OutputParts {
  readonly out: Sink;
  readonly err: Sink;
  readonly clock: Clock;
  readonly paint: Paint;
  /** Every event, not only the steps and what went wrong. */
  readonly verbose: boolean;
}

export interface OutputSettings {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly noColor: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** `--json` before `--quiet` before what the terminal allows. */
export function outputFor(settings: OutputSettings): Output {
  const { stdout, stderr, env, clock, verbose } = settings;
  const [out, err] = [sinkOf(stdout), sinkOf(stderr)];
  const paint = paintFor({ terminal: err.terminal, refused: settings.noColor, env });
  const parts: OutputParts = { out, err, clock, paint, verbose };
  if (settings.json) return jsonOutput(parts);
  if (settings.quiet) return quietOutput(parts);
  const live = err.terminal && env.TERM !== 'dumb' && (env.CI ?? '') === '';
  return live ? liveOutput(parts, stderr) : plainOutput(parts);
}
