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
  if (/^y(es)?$/i.test((await lineFrom(cli)).trim())) return;
  throw new Fault({ code: 'usage.declined', message: 'nothing was done', exit: EXIT.usage });
}

/** What is typed; nothing where the input ends. Node's own question never settles then, nor at a Ctrl-C that it reads. */
async function lineFrom({ stdin, stderr, interrupt }: Asker['cli']): Promise<string> {
  interrupt.throwIfAborted();
  const reader = createInterface({ input: stdin, output: stderr });
  const ended = new Promise<string>((resolve, reject) => {
    reader.once('close', () => resolve(''));
    reader.once('SIGINT', () => reject(interruptedBy('SIGINT', constants.signals.SIGINT)));
    interrupt.addEventListener('abort', () => reject(interrupt.reason), { once: true });
  });
  try {
    return await Promise.race([reader.question('Go on? [y/N] '), ended]);
  } finally {
    reader.close();
  }
}
