import { createInterface } from 'node:readline/promises';
import { EXIT, Fault } from '../base/fault.ts';
import type { Session } from './session.ts';

/** Asks on a terminal; `--yes` answers. Without a terminal nothing is ever asked: then `--yes` is needed. */
export async function askYes({ cli, flags, output, terminal }: Session, lines: readonly string[]): Promise<void> {
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
  const reader = createInterface({ input: cli.stdin, output: cli.stderr });
  try {
    const answer = await reader.question('Go on? [y/N] ', { signal: cli.interrupt });
    if (/^y(es)?$/i.test(answer.trim())) return;
  } finally {
    reader.close();
  }
  throw new Fault({ code: 'usage.declined', message: 'nothing was done', exit: EXIT.usage });
}
