import { defined } from './defined.ts';
/** The exit codes of the command line, by what they mean. `stillpoint help exit` prints them. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  weaker: 3,
  notPrepared: 4,
  windowFailed: 5,
  guestMayBeHeld: 6,
  locked: 10,
} as const;

export interface FaultParts {
  /** Stable, dotted, for machines: 'ssh.host-key-unknown'. */
  readonly code: string;
  /** Names the thing and says what is true now: 'array fast: protection group of 14 volumes, limit is 10'. */
  readonly message: string;
  /** What to do about it, as an imperative. */
  readonly hint?: string;
  readonly exit?: number;
  readonly cause?: unknown;
}

/** "Cannot go on", for a reason that we know. Anything else that is thrown is a bug and prints its stack. */
export class Fault extends Error {
  override readonly name = 'Fault';
  readonly code: string;
  readonly hint: string | undefined;
  readonly exit: number;

  constructor(parts: FaultParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = parts.code;
    this.hint = parts.hint;
    this.exit = parts.exit ?? EXIT.notPrepared;
  }

  /** The same fault, said of a larger thing: 'guest mail01: ' before its message. */
  of(thing: string): Fault {
    return new Fault({
      code: this.code,
      message: `${thing}: ${this.message}`,
      ...defined({ hint: this.hint }),
      exit: this.exit,
      cause: this,
    });
  }
}

/** Any thrown thing as a Fault; what we did not foresee is a bug of ours, and keeps its cause. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Fault({ code: 'bug', message, exit: EXIT.bug, cause: thrown });
}
