import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import { lastLine } from '../base/quoted.ts';
import type { ArrayId } from '../model.ts';
import type { CommandResult, Shell } from '../ports.ts';
import { reasonFor } from './reasons.ts';

/**
 * The machine where an array's commands run, with one shell kept open. For all that is outside the window: each command
 * has the array's `timeout`.
 */
export interface Box {
  /**
   * Only for what may be done twice: where the line that was open is lost, it is opened anew and the command repeated.
   * A program that is not there is a Fault; any other exit is an answer.
   */
  run(argv: readonly string[], deadline: Deadline): Promise<CommandResult>;
  /** For what may not be done twice: it is sent once, and any exit is an answer. */
  once(argv: readonly string[], deadline: Deadline): Promise<CommandResult>;
  /** The same, and any exit but 0 is a Fault. */
  expect(argv: readonly string[], deadline: Deadline): Promise<string>;
  /** The same of a listing (in LC_ALL=C): what another run takes away while it is made is not there, and no Fault. */
  listing(argv: readonly string[], deadline: Deadline): Promise<string>;
  /** What is no command with an answer, in the time of one. */
  limited<T>(deadline: Deadline, work: (limit: Deadline) => Promise<T>): Promise<T>;
  /** What runs in it has no limit of ours: for the window, which has its own, and for what reads an image. */
  shell(deadline: Deadline): Promise<Shell>;
  close(): Promise<void>;
}

/** @param commandMs so long one command may take, and the way there */
export function box(array: ArrayId, open: (deadline: Deadline) => Promise<Shell>, commandMs: number): Box {
  let opened: Promise<Shell> | undefined;

  return {
    run,
    once: (argv, deadline) => limited(deadline, async (limit) => (await shell(limit)).run(argv, { deadline: limit })),
    async expect(argv, deadline) {
      const result = await run(argv, deadline);
      if (result.exit === 0) return result.stdout;
      throw commandFailed(array, argv, result);
    },
    async listing(argv, deadline) {
      const result = await run(argv, deadline);
      if (result.exit === 0 || complainsOnlyOfGone(result)) return result.stdout;
      throw commandFailed(array, argv, result);
    },
    limited,
    shell,
    async close() {
      const last = opened;
      opened = undefined;
      await last?.then(
        (one) => one.close(),
        () => {},
      );
    },
  };

  function run(argv: readonly string[], deadline: Deadline): Promise<CommandResult> {
    return limited(deadline, async (limit) => {
      const before = opened;
      try {
        return await runOnce(argv, limit);
      } catch (thrown) {
        if (before === undefined || limit.signal.aborted) throw thrown;
        await abandon(before);
        return runOnce(argv, limit);
      }
    });
  }

  async function limited<T>(deadline: Deadline, work: (limit: Deadline) => Promise<T>): Promise<T> {
    const limit = deadline.within(commandMs, `array ${array}`);
    try {
      return await work(limit);
    } finally {
      limit.done();
    }
  }

  async function runOnce(argv: readonly string[], deadline: Deadline): Promise<CommandResult> {
    const result = await (await shell(deadline)).run(argv, { deadline });
    if (result.exit === null || result.exit === 127) throw commandFailed(array, argv, result);
    return result;
  }

  async function shell(deadline: Deadline): Promise<Shell> {
    opened ??= limited(deadline, open);
    const mine = opened;
    try {
      return await mine;
    } catch (thrown) {
      if (opened === mine) opened = undefined;
      throw thrown;
    }
  }

  async function abandon(lost: Promise<Shell>): Promise<void> {
    if (opened !== lost) return;
    opened = undefined;
    await (await lost).close();
  }
}

function complainsOnlyOfGone({ stderr }: CommandResult): boolean {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 && lines.every((line) => line.endsWith(': No such file or directory'));
}

/** What a command said when it failed, as far as it helps: its last words. */
export function commandFailed(array: ArrayId, argv: readonly string[], result: CommandResult): Fault {
  const said = lastWords(result);
  const known = reasonFor(result.exit, said);
  const how = result.exit === null ? 'did not end by itself' : `failed with exit ${result.exit}`;
  return new Fault({
    code: result.exit === null ? 'array.unanswered' : (known?.code ?? 'array.command-failed'),
    message: `array ${array}: ${argv[0] ?? 'a command'} ${how}${said === '' ? '' : `: ${said}`}`,
    hint: known?.hint ?? 'Run it there by hand, as the same user.',
  });
}

/** The last line that a program wrote to standard error, or else to standard output. */
export function lastWords(result: Pick<CommandResult, 'stdout' | 'stderr'>): string {
  const text = result.stderr.trim() === '' ? result.stdout : result.stderr;
  return lastLine(text);
}
