import type { Clock } from '../base/clock.ts';
import type { Fault } from '../base/fault.ts';
import type { Emit } from '../ports.ts';
import type { FaultPlace } from './fault.ts';
import type { Paint } from './paint.ts';
import type { Sink } from './sink.ts';
import type { Typed } from './typed.ts';

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
  document(lines: Lazily<readonly string[]>, document: Lazily<Readonly<Record<string, unknown>>>): void;
  /** The answer of a run; of `--json` the last object. */
  result(answer: RunAnswer): void;
  /** The failure; of `--json` the last object. */
  fault(fault: Fault, place?: FaultPlace): void;
  /** Ends progress. Resolves when all is written, or nobody reads any more. */
  close(exit: number): Promise<void>;
}

/** A value, or how to make it: of a very long answer only what is written is made. */
type Lazily<T> = T | (() => T);

export function made<T extends readonly unknown[] | Readonly<Record<string, unknown>>>(value: Lazily<T>): T {
  return typeof value === 'function' ? value() : value;
}

/** Where an output writes, and with what. */
export interface OutputParts {
  readonly out: Sink;
  readonly err: Sink;
  readonly clock: Clock;
  readonly paint: Paint;
  /** Every event, not only the steps and what went wrong. */
  readonly verbose: boolean;
  /** What is shown is what was asked for, and is printed under `--quiet` too. */
  readonly shows?: boolean;
  /** Of the hints in objects; the sinks do it for lines. */
  readonly typed?: Typed;
}
