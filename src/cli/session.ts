import type { Clock } from '../base/clock.ts';
import type { Waits } from '../base/waits.ts';
import type { Output } from '../ui/output.ts';
import { outputFor } from '../ui/output-for.ts';
import { type Paint, paintFor } from '../ui/paint.ts';
import { typedWith } from '../ui/typed.ts';
import type { Command } from './verb.ts';

/** The process, as far as commands see it. */
export interface Cli {
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Aborts with `interruptedBy(…)` on INT, TERM or HUP, or with a bug that nobody caught. */
  readonly interrupt: AbortSignal;
  /** What this process waits for. */
  readonly waits: Waits;
  readonly version: string;
  /** 'stillpoint', or how it was started: 'node bin/stillpoint.js'. */
  readonly command: string;
}

/** The flags that are everywhere the same. */
export interface GlobalFlags {
  readonly topology?: string;
  readonly state?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
  /** false: `--no-color` */
  readonly color: boolean;
  readonly yes?: true;
  readonly because?: string;
  readonly wait?: string;
  readonly timeout?: string;
}

/** One command at work. */
export interface Session {
  readonly cli: Cli;
  readonly flags: GlobalFlags;
  readonly output: Output;
  readonly paint: Paint;
  /** It changes something: that counts, whether or not its answer could be written. */
  readonly acts: boolean;
  /** Somebody sits before it, and can be asked. */
  readonly terminal: boolean;
  /** Columns that a table may take; without a terminal nothing is cut: a file has no edge. */
  readonly width: number;
}

const NARROWEST = 80;

export async function sessionOf(
  cli: Cli,
  flags: GlobalFlags,
  { acts, shows }: Pick<Command, 'acts' | 'shows'>,
): Promise<Session> {
  const { stdin, stdout, stderr, env, clock } = cli;
  const output = await outputFor({
    json: flags.json === true,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    noColor: !flags.color,
    shows: shows === true,
    typed: typedWith(flags),
    env,
    clock,
    stdout,
    stderr,
  });
  return {
    cli,
    flags,
    output,
    acts: acts === true,
    paint: paintFor({ terminal: stdout.isTTY === true, refused: !flags.color, env }),
    terminal: stdin.isTTY === true && stderr.isTTY === true,
    width: stdout.isTTY === true ? Math.max(NARROWEST, stdout.columns) : Number.POSITIVE_INFINITY,
  };
}
