import type { Readable, Writable } from 'node:stream';

/** How a far-end program ended. */
export interface Ending {
  /** null: ended by a signal, or nobody can say. */
  readonly exit: number | null;
  /** 'exit 1', 'killed by SIGKILL', 'the line to mail01 was lost: …' */
  readonly why: string;
}

/** A program that was started, and its three streams: the common ground of this machine and of SSH. */
export interface Pipe {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Resolves after the last byte of both outputs, or as soon as the line is lost. Never rejects. */
  readonly ended: Promise<Ending>;
  /** Lets go of it now: what it was going to say is not read. May be called twice. */
  close(): void;
  /** What is true of the program after `close`: 'it was killed'. */
  readonly leftAs: string;
}
