import type { Deadline } from '../base/deadline.ts';
import { asFault, Fault } from '../base/fault.ts';
import type { CommandResult } from '../ports.ts';
import type { Pipe } from './pipe.ts';

/** What a command may say on each of its outputs. */
export const LARGEST_OUTPUT_BYTES = 16 * 1024 * 1024;

/** What sudo is called with: in English whatever the guest speaks, and never asking. */
export const SUDO = ['env', 'LC_ALL=C', 'sudo', '-n', '--'] as const;

/** The program that an argv runs, for messages. Never the arguments: they may hold what nobody should read. */
export function programOf(argv: readonly string[]): string {
  const own = SUDO.every((word, index) => argv[index] === word) ? argv.slice(SUDO.length) : argv;
  return own[0] ?? 'nothing';
}

/** Feeds a started program its input and collects what it answers. */
export function collect(
  pipe: Pipe,
  said: { readonly where: string; readonly argv: readonly string[]; readonly stdin: string | undefined },
  deadline: Deadline,
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const { where, argv } = said;
    const overrun = (): void => giveUp(overdue(where, argv, deadline));
    const giveUp = (fault: Fault): void => {
      deadline.signal.removeEventListener('abort', overrun);
      pipe.close();
      reject(fault);
    };
    const gather = (stream: Pipe['stdout'], name: string): (() => string) => {
      const pieces: Buffer[] = [];
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= LARGEST_OUTPUT_BYTES) pieces.push(chunk);
        else giveUp(tooMuch(where, argv, name));
      });
      stream.on('error', () => {});
      return () => Buffer.concat(pieces).toString();
    };
    const stdout = gather(pipe.stdout, 'standard output');
    const stderr = gather(pipe.stderr, 'standard error');
    if (deadline.signal.aborted) return overrun();
    deadline.signal.addEventListener('abort', overrun, { once: true });
    // A program may end without having read all of its input: its exit code says what that means.
    pipe.stdin.on('error', () => {});
    pipe.stdin.end(said.stdin ?? '');
    void pipe.ended.then(({ exit, why }) => {
      deadline.signal.removeEventListener('abort', overrun);
      const end = stderr();
      resolve({ exit, stdout: stdout(), stderr: exit === null && end === '' ? why : end });
    });
  });
}

/** The time for a command was over. What it was going to do, it may still do. */
export function overdue(where: string, argv: readonly string[], deadline: Deadline): Fault {
  const reason = asFault(deadline.signal.reason);
  if (reason.code !== 'deadline') return reason;
  return new Fault({
    code: 'command.deadline',
    message: `${where}: ${programOf(argv)} did not answer in time (${reason.message}); it may still be running`,
    hint: `See on ${where} what it waits for.`,
    exit: reason.exit,
    cause: reason,
  });
}

function tooMuch(where: string, argv: readonly string[], stream: string): Fault {
  return new Fault({
    code: 'command.output-too-large',
    message: `${where}: ${programOf(argv)} wrote more than ${LARGEST_OUTPUT_BYTES / 1024 / 1024} MiB to its ${stream}`,
    hint: 'Narrow down what it is asked for.',
  });
}
