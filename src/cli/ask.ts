import { constants } from 'node:os';
import { createInterface } from 'node:readline/promises';
import { EXIT, Fault } from '../base/fault.ts';
import { interruptedBy } from '../base/interrupt.ts';
import type { Session } from './session.ts';

/** As much of a session as a question needs. */
interface Asker extends Pick<Session, 'flags' | 'terminal'> {
  readonly cli: {
    readonly stdin: NodeJS.ReadableStream;
    readonly stderr: NodeJS.WritableStream;
    readonly interrupt: AbortSignal;
  };
  readonly output: Pick<Session['output'], 'note'>;
}

/** Asks on a terminal; `--yes` answers. Without a terminal nothing is ever asked: then `--yes` is needed. */
export async function askYes({ cli, flags, output, terminal }: Asker, lines: readonly string[]): Promise<void> {
  if (flags.yes === true) return;
  if (!terminal) {
    throw new Fault({
      code: 'usage.needs-yes',
      message: 'this asks first, and there is no terminal to ask on',
      hint: 'Say it beforehand: --yes',
      exit: EXIT.usage,
    });
  }
  output.note(lines);
  if (/^y(es)?$/i.test((await lineFrom(cli, 'Go on? [y/N] ')).trim())) return;
  throw new Fault({ code: 'usage.declined', message: 'nothing was done', exit: EXIT.usage });
}

/**
 * Has a word typed, where a quick `y` would be too easy. Not to have typed it is a refusal, so `--yes` does not answer
 * it: only the same word, said beforehand.
 */
export async function askTyped(
  { cli, output, terminal }: Asker,
  lines: readonly string[],
  { word, flag, said }: { readonly word: string; readonly flag: string; readonly said: string | undefined },
): Promise<void> {
  if (said === undefined && !terminal) {
    throw new Fault({
      code: 'usage.needs-confirming',
      message: `this wants ${word} typed, and there is no terminal to type it on`,
      hint: `Say it beforehand: ${flag} ${word} (--yes is not enough)`,
      exit: EXIT.usage,
    });
  }
  output.note(lines);
  const typed = said ?? (await lineFrom(cli, `Type ${word} to go on: `));
  if (typed.trim() === word) return;
  throw new Fault({
    code: 'usage.declined',
    message: `nothing was done: ${JSON.stringify(typed.trim())} is not ${word}`,
    exit: EXIT.usage,
  });
}

/** What is typed; nothing where the input ends. Node's own question never settles then, nor at a Ctrl-C that it reads. */
async function lineFrom({ stdin, stderr, interrupt }: Asker['cli'], prompt: string): Promise<string> {
  interrupt.throwIfAborted();
  const reader = createInterface({ input: stdin, output: stderr });
  const ended = new Promise<string>((resolve, reject) => {
    reader.once('close', () => resolve(''));
    reader.once('SIGINT', () => reject(interruptedBy('SIGINT', constants.signals.SIGINT)));
    interrupt.addEventListener('abort', () => reject(interrupt.reason), { once: true });
  });
  try {
    return await Promise.race([reader.question(prompt), ended]);
  } finally {
    reader.close();
  }
}
