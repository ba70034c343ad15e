import { setMaxListeners } from 'node:events';
import type { Clock } from './clock.ts';
import { Fault } from './fault.ts';

/** A named budget of time. Every call that leaves the process takes one; none invents its own. */
export interface Deadline {
  readonly label: string;
  /** Aborts when the time is over, or when whoever gave the budget takes it back; its reason is a Fault. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** A shorter budget inside this one: it ends with this one at the latest. */
  within(ms: number, label: string): Deadline;
  /** A budget that outlives this one, and that nothing cancels: only for undoing. */
  afresh(ms: number, label: string): Deadline;
  /** The work is done: the timer goes, the signal stays as it is. */
  done(): void;
}

/**
 * @param ms how long, from now
 * @param label what the time is for, as it stands in "… took longer than 8 s"
 * @param cancel ends the budget early (an interrupt); its reason becomes the signal's
 */
export function deadline(clock: Clock, ms: number, label: string, cancel?: AbortSignal): Deadline {
  const control = new AbortController();
  // Every guest and array of a run waits on the same budget.
  setMaxListeners(0, control.signal);
  const endsAt = clock.now() + ms;
  const stop = clock.after(ms, () => control.abort(overdue(label, ms)));
  const forward = (): void => {
    stop();
    control.abort(cancel?.reason);
  };
  if (cancel?.aborted === true) forward();
  else cancel?.addEventListener('abort', forward, { once: true });
  return {
    label,
    signal: control.signal,
    remainingMs: () => (control.signal.aborted ? 0 : Math.max(0, endsAt - clock.now())),
    within: (shorter, what) =>
      deadline(clock, Math.min(shorter, Math.max(0, endsAt - clock.now())), what, control.signal),
    afresh: (budget, what) => deadline(clock, budget, what),
    done() {
      stop();
      cancel?.removeEventListener('abort', forward);
    },
  };
}

/**
 * The same budget, but one that somebody wants to be over: from `interrupt` on, or from now where that was before, it
 * lasts no longer than `ms`. For what has to be brought to an end, and must not be waited for without one.
 */
export function hurried(clock: Clock, limit: Deadline, interrupt: AbortSignal, ms: number): Deadline {
  const early = new AbortController();
  const inner = deadline(clock, limit.remainingMs(), limit.label, early.signal);
  let endsAt = Number.POSITIVE_INFINITY;
  let stop = (): void => {};
  const forward = (): void => early.abort(limit.signal.reason);
  const hurry = (): void => {
    endsAt = clock.now() + ms;
    stop = clock.after(ms, () => early.abort(overdue(`${limit.label}, after the signal`, ms)));
  };
  if (limit.signal.aborted) forward();
  else limit.signal.addEventListener('abort', forward, { once: true });
  if (interrupt.aborted) hurry();
  else interrupt.addEventListener('abort', hurry, { once: true });
  return {
    ...inner,
    remainingMs: () => Math.min(inner.remainingMs(), Math.max(0, endsAt - clock.now())),
    done() {
      inner.done();
      stop();
      limit.signal.removeEventListener('abort', forward);
      interrupt.removeEventListener('abort', hurry);
    },
  };
}

function overdue(label: string, ms: number): Fault {
  return new Fault({ code: 'deadline', message: `${label}: no answer within ${seconds(ms)}` });
}

/**
 * Waits for `work`, but no longer than the deadline, even if `work` does not obey its signal. The work itself is not
 * ended by this: whoever does it must obey the signal.
 */
export function beforeDeadline<T>(work: Promise<T>, limit: Deadline): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const overrun = (): void => reject(limit.signal.reason);
    if (limit.signal.aborted) overrun();
    else limit.signal.addEventListener('abort', overrun, { once: true });
    work.then(resolve, reject).finally(() => limit.signal.removeEventListener('abort', overrun));
  });
}

/** '8 s', '1.24 s', '250 ms' */
export function seconds(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${Number((ms / 1000).toFixed(2))} s`;
}
