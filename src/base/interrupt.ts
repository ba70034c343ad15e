import { Fault } from './fault.ts';

export const FIRST_SIGNAL_EXIT = 128;

/** After a signal no answer is waited for longer than this: with what comes after it, the command ends within 5 s. */
export const AFTER_SIGNAL_MS = 3_000;

/** The reason with which a run's interrupt signal aborts: INT, TERM and HUP are one thing. */
export function interruptedBy(signal: string, number: number): Fault {
  return new Fault({
    code: 'interrupted',
    message: `interrupted by ${signal}`,
    exit: FIRST_SIGNAL_EXIT + number,
  });
}

/** The number of the signal that ended the run early; undefined: none did. */
export function signalNumber(interrupt: AbortSignal): number | undefined {
  const reason: unknown = interrupt.aborted ? interrupt.reason : undefined;
  return reason instanceof Fault && reason.exit > FIRST_SIGNAL_EXIT ? reason.exit - FIRST_SIGNAL_EXIT : undefined;
}
