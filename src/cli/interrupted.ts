import { asFault } from '../base/fault.ts';
import { FIRST_SIGNAL_EXIT } from '../base/interrupt.ts';
import type { Cli } from './session.ts';

/** After a signal a command that changes nothing may take its leave of whom it asked; then it is left as it is. */
const LEAVE_MS = 3_000;
/** After a signal a reader who does not read is waited for no longer than this. */
const READER_MS = 500;

/**
 * The end of a command that changes nothing, or that of the signal that came first: also where the command does not
 * listen to it, because it reads files or computes.
 */
export async function unlessInterrupted(cli: Pick<Cli, 'clock' | 'interrupt'>, work: Promise<number>): Promise<number> {
  const { interrupt } = cli;
  try {
    const exit = await Promise.race([work, afterSignal(cli, LEAVE_MS)]);
    if (!interrupt.aborted || exit > FIRST_SIGNAL_EXIT) return exit;
  } catch (thrown) {
    if (!interrupt.aborted) throw thrown;
  }
  throw asFault(interrupt.reason);
}

/** Waits until all is written; after a signal not for long. False: it was not. */
export async function writtenUnlessInterrupted(
  cli: Pick<Cli, 'clock' | 'interrupt'>,
  written: Promise<void>,
): Promise<boolean> {
  const all = written.then(() => true);
  return Promise.race([all, afterSignal(cli, READER_MS).then(() => false)]);
}

/** Resolves so long after the signal; never without one. */
function afterSignal({ clock, interrupt }: Pick<Cli, 'clock' | 'interrupt'>, ms: number): Promise<number> {
  return new Promise((resolve) => {
    const wait = (): void => void clock.after(ms, () => resolve(0));
    if (interrupt.aborted) wait();
    else interrupt.addEventListener('abort', wait, { once: true });
  });
}
