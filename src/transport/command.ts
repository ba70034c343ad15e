import type { Deadline } from '../base/deadline.ts';
import { asFault, Fault } from '../base/fault.ts';
import type { CommandResult } from '../ports.ts';
import { LARGEST_OUTPUT_BYTES } from './limits.ts';
import type { Pipe } from './pipe.ts';

/** What sudo is called with: in English whatever the guest speaks, and never asking. */
export const SUDO = ['env', 'LC_ALL=C', 'sudo', '-n', '--'] as const;

/** How `overdue` says that a command never ran. */
export const NOT_STARTED = 'it was not started';

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
    const overrun = (): void => giveUp(overdue(where, argv, deadline, pipe.leftAs));
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
      // Without an exit code the reason is all there is: it goes where people look.
      const said = [stderr(), ...(exit === null ? [why] : [])].filter((part) => part !== '');
      resolve({ exit, stdout: stdout(), stderr: said.join('\n') });
    });
  });
}

/** The time for a command was over; `left` says what became of it. A cancelled run says so itself. */
export function overdue(where: string, argv: readonly string[], deadline: Deadline, left: string): Fault {
  const reason = asFault(deadline.signal.reason);
  if (reason.code !== 'deadline') return reason;
  const program = programOf(argv);
  if (left === NOT_STARTED) {
    return new Fault({
      code: 'command.not-started',
      message: `${where}: ${program} was not started in time (${reason.message})`,
      hint: 'Too much runs there at once, or the time is too short.',
      cause: reason,
    });
  }
  return new Fault({
    code: 'command.deadline',
    message: `${where}: ${program} did not end in time (${reason.message}); ${left}`,
    hint: `See on ${where} what it waits for.`,
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
