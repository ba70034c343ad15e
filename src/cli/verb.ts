import type { Session } from './session.ts';

/** What was typed behind the command, in its order. */
export type Args = readonly (string | undefined)[];

/** One command of the program: what it is called, what it takes, and where the code of what it does is. */
export interface Command {
  readonly name: string;
  /** Commander's notation: '[group]', '<set...>'. */
  readonly argument?: string;
  /** One line, without a capital and a full stop. */
  readonly summary: string;
  /** More, below the summary in its own help. */
  readonly about?: string;
  readonly flags?: readonly (readonly [flags: string, description: string])[];
  /** It changes something besides what it prints. */
  readonly acts?: true;
  /** It is called for what it prints, and for nothing else: `--quiet` does not take that away. */
  readonly shows?: true;
  load(): Promise<Work>;
}

interface Work {
  /** Resolves with the exit code; rejects with a Fault. */
  run(session: Session, args: Args, flags: object): Promise<number>;
}
