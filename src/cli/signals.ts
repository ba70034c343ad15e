import { constants } from 'node:os';
import { asFault, type Fault } from '../base/fault.ts';
import { interruptedBy } from '../base/interrupt.ts';
import type { Waits } from '../base/waits.ts';
import type { RunEvent } from '../ports.ts';

type Said = Omit<Extract<RunEvent, { type: 'interrupted' }>, 'type' | 'secondsLeft'> & { readonly secondsLeft: number };

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Signals {
  readonly interrupt: AbortSignal;
  /** Who tells people; until then nobody does. */
  tell: (said: Said) => void;
  /** The first error that nobody caught, if there was one. */
  bug(): Fault | undefined;
  stop(): void;
}

/**
 * INT, TERM and HUP are one thing: the run stops, and lets go of its guests. A second one changes nothing, and says what is
 * still waited for. An error that nobody caught stops the run in the same way: guests are let go before the process ends.
 */
export function listen(releaseSeconds: number, waits: Pick<Waits, 'now'>): Signals {
  const control = new AbortController();
  let bug: Fault | undefined;
  let endsAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    endsAt ??= performance.now() + releaseSeconds * 1000;
    const secondsLeft = Math.max(0, Math.ceil((endsAt - performance.now()) / 1000));
    const waiting = control.signal.aborted ? { waiting: waits.now() } : {};
    signals.tell({ signal, secondsLeft, ...waiting });
    control.abort(interruptedBy(signal, constants.signals[signal]));
  };
  const onError = (thrown: unknown): void => {
    bug ??= asFault(thrown);
    control.abort(bug);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  process.on('uncaughtException', onError);
  process.on('unhandledRejection', onError);
  const signals: Signals = {
    interrupt: control.signal,
    tell: () => {},
    bug: () => bug,
    stop() {
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off('uncaughtException', onError);
      process.off('unhandledRejection', onError);
    },
  };
  return signals;
}
