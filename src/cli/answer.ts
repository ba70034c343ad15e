import { fstatSync, writeFileSync } from 'node:fs';
import { EXIT, Fault } from '../base/fault.ts';

/** What became of standard output: the answer of a command that shows something is nothing but that. */
export interface Answer {
  /** Undefined: all of it was written, or nobody wanted to read it. */
  lost(): Fault | undefined;
}

/**
 * Watches standard output. A reader that went away, and a terminal that has gone, lose nothing that anybody misses; a full
 * disk does. Node (20.20.2) writes to a file once, and takes it for whole when a full disk has room for a part.
 */
export function watchAnswer(stdout: NodeJS.WriteStream & { readonly fd: number }): Answer {
  let lost: Fault | undefined;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && !stdout.isTTY) lost ??= lostTo(error);
  });
  if (isFile(stdout.fd)) stdout._write = (chunk, _encoding, done) => done(wholly(stdout.fd, chunk));
  return { lost: () => lost };
}

function wholly(fd: number, chunk: Uint8Array): Error | null {
  try {
    writeFileSync(fd, chunk);
    return null;
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

function isFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile();
  } catch {
    return false;
  }
}

function lostTo(error: Error): Fault {
  return new Fault({
    code: 'output.lost',
    message: `the answer could not be written whole: ${error.message}`,
    hint: 'What was written of it is no answer: make room, and ask again.',
    exit: EXIT.notPrepared,
    cause: error,
  });
}
