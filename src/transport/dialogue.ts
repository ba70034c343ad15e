import { type Clock, systemClock } from '../base/clock.ts';
import type { Dialogue } from '../ports.ts';
import { LARGEST_OUTPUT_BYTES } from './limits.ts';
import { LONGEST_LINE_BYTES, lineSplitter } from './lines.ts';
import type { Pipe } from './pipe.ts';

/** What is kept of lines that came before anybody listened, in characters. More is a far end gone mad. */
const BACKLOG = 1024 * 1024;
/** The end of standard error that is kept: the last words are those that explain. */
const STDERR_BYTES = 64 * 1024;
/** A program that does not end with its input is let go of after this. */
const AFTER_END_MS = 2000;

/** Speaks with a started program in lines. What it says before `onLine` is kept until then. */
export function dialogue(pipe: Pipe, clock: Clock = systemClock): Dialogue {
  const backlog: string[] = [];
  let backlogSize = 0;
  let heardBytes = 0;
  let receive: ((line: string) => void) | undefined;
  let over = false;
  let firstCause: string | undefined;
  let stderr = Buffer.alloc(0);
  let cancelGrace: (() => void) | undefined;

  function giveUp(cause: string): void {
    firstCause ??= cause;
    over = true;
    pipe.close();
  }

  const split = lineSplitter((line) => {
    if (receive !== undefined) return receive(line);
    backlog.push(line);
    backlogSize += line.length + 1;
    if (backlogSize > BACKLOG) giveUp('it said more than 1 MiB before anybody listened');
  });
  pipe.stdout.on('data', (chunk: Buffer) => {
    if (over) return;
    heardBytes += chunk.length;
    if (heardBytes > LARGEST_OUTPUT_BYTES) giveUp(`it said more than ${LARGEST_OUTPUT_BYTES / 1024 / 1024} MiB`);
    else if (!split(chunk)) giveUp(`it sent a line longer than ${LONGEST_LINE_BYTES / 1024} KiB`);
  });
  pipe.stderr.on('data', (chunk: Buffer) => {
    stderr = Buffer.concat([stderr, chunk]).subarray(-STDERR_BYTES);
  });
  // A line that is gone shows in `ended`; these say the same a second time.
  for (const stream of [pipe.stdin, pipe.stdout, pipe.stderr]) stream.on('error', () => {});

  const ended = pipe.ended.then(({ exit, why }) => {
    over = true;
    cancelGrace?.();
    return { exit, stderr: stderr.toString(), why: firstCause ?? why };
  });

  function write(bytes: string): void {
    if (!over && pipe.stdin.writable) pipe.stdin.write(bytes);
  }

  return {
    send: (line) => write(`${line}\n`),
    write,
    onLine(listener) {
      receive = listener;
      for (const line of backlog.splice(0)) listener(line);
    },
    ended,
    end() {
      if (over || cancelGrace !== undefined) return;
      pipe.stdin.end();
      cancelGrace = clock.after(AFTER_END_MS, () => giveUp('it did not end with its input, and was left running'));
    },
  };
}
