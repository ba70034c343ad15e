import { EXIT } from '../base/fault.ts';
import { FIRST_SIGNAL_EXIT } from '../base/interrupt.ts';
import { atLeast, type Level, type SetState, type Verdict } from '../model.ts';

/** Everything that decides what remains of a run and with which code it ends. */
export interface RunFacts {
  readonly require: Level;
  /** A hold was sent to a guest. */
  readonly guestsTouched: boolean;
  /** A fire was sent to an array. */
  readonly fired: boolean;
  /** Every unit's snapshots are on its array (unknown outcomes settled by looking). */
  readonly complete: boolean;
  readonly placement: 'same' | 'changed' | 'unread';
  readonly verdict?: Verdict;
  /** The topology or the command line removes weak sets. */
  readonly removeWeak: boolean;
  /** The number of the signal that ended the run early. */
  readonly signal?: number;
  /** An unforeseen error: a bug of ours. */
  readonly bug: boolean;
  /** Guests whose release was not confirmed. */
  readonly mayBeHeld: readonly string[];
}

/** Facts that are known only after the decision was carried out. */
export interface AfterFacts {
  /** Snapshots of this run that could not be removed, or may still appear. */
  readonly leftovers: number;
  /** The manifest of a kept set could not be written. */
  readonly unsealed: boolean;
}

export interface Decision {
  readonly state: SetState;
  /** The snapshots stay on the arrays; otherwise all of this run are removed. */
  readonly keep: boolean;
  readonly exit: number;
}

/**
 * What remains after a run, and its exit code (the table in docs/operations.md; a test a row). Precedence of codes:
 * a guest that may be held, a bug, a signal, a failed window, weaker than asked.
 */
export function decide(facts: RunFacts): Decision {
  const decision = beforeGuests(facts);
  return facts.mayBeHeld.length > 0 ? { ...decision, exit: EXIT.guestMayBeHeld } : decision;
}

function beforeGuests(facts: RunFacts): Decision {
  const failed = (exit: number): Decision => ({ state: 'failed', keep: false, exit });
  if (facts.bug) return failed(EXIT.bug);
  if (facts.signal !== undefined) return failed(FIRST_SIGNAL_EXIT + facts.signal);
  if (facts.fired && (!facts.complete || facts.placement === 'changed')) return failed(EXIT.windowFailed);
  if (!facts.fired) return failed(facts.guestsTouched ? EXIT.windowFailed : EXIT.notPrepared);
  const level = facts.verdict?.level ?? 'unproven';
  // Unproven is never success, also where it was asked for: such a set is kept, and said to be weak.
  if (level !== 'unproven' && atLeast(level, facts.require)) return { state: 'good', keep: true, exit: EXIT.done };
  return { state: 'weak', keep: !facts.removeWeak, exit: EXIT.weaker };
}

/** The code after clean-up: what could not be removed or written down raises it to 5, unless a worse one stands. */
export function exitAfter(decision: Decision, after: AfterFacts): number {
  if (after.leftovers === 0 && !after.unsealed) return decision.exit;
  const worse: readonly number[] = [EXIT.guestMayBeHeld, EXIT.bug];
  const stands = worse.includes(decision.exit) || decision.exit > FIRST_SIGNAL_EXIT;
  return stands ? decision.exit : EXIT.windowFailed;
}
