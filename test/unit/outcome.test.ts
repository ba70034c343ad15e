import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../src/model.ts';
import { type AfterFacts, decide, exitAfter, type RunFacts } from '../../src/window/outcome.ts';

/** A run in which all went well. */
const WELL: RunFacts = {
  require: 'filesystem',
  guestsTouched: true,
  fired: true,
  complete: true,
  placement: 'same',
  verdict: proved('filesystem'),
  removeWeak: false,
  bug: false,
  mayBeHeld: [],
};
const CLEAN: AfterFacts = { leftovers: 0, unsealed: false };
const SIGINT = 2;

interface Row {
  readonly when: string;
  readonly facts: Partial<RunFacts>;
  readonly after?: Partial<AfterFacts>;
  readonly state: 'good' | 'weak' | 'failed';
  readonly keep: boolean;
  readonly exit: number;
}

/** The table of docs/operations.md, a row each. */
const ROWS: readonly Row[] = [
  { when: 'the level is what was required', facts: {}, state: 'good', keep: true, exit: 0 },
  {
    when: 'the level is better than required',
    facts: { verdict: proved('application') },
    state: 'good',
    keep: true,
    exit: 0,
  },
  {
    when: 'anything failed before the first hold',
    facts: { guestsTouched: false, fired: false, complete: false },
    state: 'failed',
    keep: false,
    exit: 4,
  },
  {
    when: 'a hold failed, and nothing was fired',
    facts: { fired: false, complete: false },
    state: 'failed',
    keep: false,
    exit: 5,
  },
  {
    when: 'an array fired, and a snapshot is missing',
    facts: { complete: false },
    state: 'failed',
    keep: false,
    exit: 5,
  },
  {
    when: 'every snapshot is there, and proves less',
    facts: { verdict: proved('unproven') },
    state: 'weak',
    keep: true,
    exit: 3,
  },
  {
    when: 'the placement could not be read again',
    facts: { placement: 'unread', verdict: proved('unproven') },
    state: 'weak',
    keep: true,
    exit: 3,
  },
  {
    when: 'the set is weak, and weak sets are removed',
    facts: { verdict: proved('crash'), removeWeak: true },
    state: 'weak',
    keep: false,
    exit: 3,
  },
  {
    when: 'unproven was accepted: it is weak all the same',
    facts: { require: 'unproven', verdict: proved('unproven') },
    state: 'weak',
    keep: true,
    exit: 3,
  },
  {
    when: 'the placement changed',
    facts: { placement: 'changed', verdict: proved('unproven') },
    state: 'failed',
    keep: false,
    exit: 5,
  },
  {
    when: 'the manifest could not be written',
    facts: {},
    after: { unsealed: true },
    state: 'good',
    keep: true,
    exit: 5,
  },
  {
    when: 'a snapshot of ours could not be removed',
    facts: { complete: false },
    after: { leftovers: 1 },
    state: 'failed',
    keep: false,
    exit: 5,
  },
  {
    when: 'it was interrupted before the first hold',
    facts: { signal: SIGINT, guestsTouched: false, fired: false, complete: false },
    state: 'failed',
    keep: false,
    exit: 130,
  },
  {
    when: 'it was interrupted inside the window',
    facts: { signal: SIGINT, complete: false },
    state: 'failed',
    keep: false,
    exit: 130,
  },
  { when: 'it was interrupted after all was cut', facts: { signal: SIGINT }, state: 'failed', keep: false, exit: 130 },
  {
    when: 'it was interrupted, and something stays behind',
    facts: { signal: SIGINT, complete: false },
    after: { leftovers: 1 },
    state: 'failed',
    keep: false,
    exit: 130,
  },
  {
    when: 'it was interrupted, and the disks moved',
    facts: { signal: SIGINT, placement: 'changed' },
    state: 'failed',
    keep: false,
    exit: 130,
  },
  {
    when: 'a release was not confirmed, in a good set',
    facts: { mayBeHeld: ['mail01'] },
    state: 'good',
    keep: true,
    exit: 6,
  },
  {
    when: 'a release was not confirmed, in a weak set',
    facts: { mayBeHeld: ['mail01'], verdict: proved('unproven') },
    state: 'weak',
    keep: true,
    exit: 6,
  },
  {
    when: 'a release was not confirmed, and something stays behind',
    facts: { mayBeHeld: ['mail01'], complete: false },
    after: { leftovers: 2 },
    state: 'failed',
    keep: false,
    exit: 6,
  },
  { when: 'an error nobody foresaw', facts: { bug: true }, state: 'failed', keep: false, exit: 1 },
  {
    when: 'a bug, and something stays behind',
    facts: { bug: true },
    after: { leftovers: 1 },
    state: 'failed',
    keep: false,
    exit: 1,
  },
];

describe('what remains after a run', () => {
  test.each(ROWS)('$when: $state, kept $keep, exit $exit', ({ facts, after, state, keep, exit }) => {
    const decision = decide({ ...WELL, ...facts });
    expect(decision).toMatchObject({ state, keep });
    expect(exitAfter(decision, { ...CLEAN, ...after })).toBe(exit);
  });
});

function proved(level: Verdict['level']): Verdict {
  return { level, except: [], oneInstant: level !== 'unproven', disks: [], vms: [], because: [] };
}
