import type { SetId } from '../model.ts';
import type { SetLine } from './set-entry.ts';

export interface RetentionRules {
  /** So many good sets stay, the newest; at least one. Absent: no good set goes. */
  readonly keepLast?: number;
  readonly weak: 'keep' | 'remove';
}

/** What a rule lets go, and why, as it stands in the set's removal mark. */
export interface Retired {
  readonly id: SetId;
  readonly because: string;
}

/**
 * Which whole sets of one group go. Pure; it looks only at what the catalog knows for certain.
 *
 * Only good sets count for `keepLast`. The newest good set always stays, and so does a pinned one (it takes one of the
 * places all the same). Weak sets go only where the rules say so. A set whose removal was begun goes on going. What
 * cannot be read stays; so does one whose removal was begun, and that somebody pinned since.
 *
 * @param sets of one group, newest first
 */
export function retire(sets: readonly SetLine[], rules: RetentionRules): readonly Retired[] {
  const last = rules.keepLast === undefined ? Number.POSITIVE_INFINITY : Math.max(1, rules.keepLast);
  let good = 0;
  return sets.flatMap((set): readonly Retired[] => {
    if (set.state === 'removing' && set.pinned === undefined)
      return [{ id: set.id, because: set.removal?.because ?? 'its removal was begun' }];
    if (set.state === 'good') good += 1;
    if ((set.state !== 'good' && set.state !== 'weak') || set.pinned !== undefined) return [];
    if (set.state === 'good') return good > last ? [{ id: set.id, because: `keep: { last: ${last} }` }] : [];
    return rules.weak === 'remove' ? [{ id: set.id, because: 'weak: remove' }] : [];
  });
}
