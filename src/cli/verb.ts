import type { Session } from './session.ts';

/** One command of the program: what it is called, what it takes, and what it does. */
export interface Command<Flags extends object = object> {
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
  /** Resolves with the exit code; rejects with a Fault. */
  run(session: Session, args: readonly (string | undefined)[], flags: Flags): Promise<number>;
}
