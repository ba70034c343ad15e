/** What a driver asks of a simulated array, besides fires. */
export type Operation =
  | 'check'
  | 'locate'
  | 'group'
  | 'arm'
  | 'recheck'
  | 'find'
  | 'disarm'
  | 'remove'
  | 'expose'
  | 'withdraw'
  | 'raise'
  | 'drop';

/** What can befall a call. */
export type CallFault =
  /** Answered with an error; nothing done. */
  | { readonly kind: 'refused' }
  /** No answer ever; `executed` tells whether it was done. */
  | { readonly kind: 'lost'; readonly executed: boolean }
  /** Takes so much longer. */
  | { readonly kind: 'slow'; readonly ms: number }
  /** Only for `raise`: confirmed, but it holds no longer than this. */
  | { readonly kind: 'short-lived'; readonly ms: number };

/** What can befall the fire of one unit. */
export type FireFault =
  | { readonly kind: 'slow'; readonly cutMs: number; readonly answerMs: number }
  | { readonly kind: 'refused' }
  /** It never arrived: not executed, no answer. */
  | { readonly kind: 'lost-before' }
  /** Executed, `cutMs` after it was sent (30 s, if you like), and the answer was lost. */
  | { readonly kind: 'lost-after'; readonly cutMs?: number }
  /** Only the first half of the unit's volumes is copied, whatever is then said. */
  | { readonly kind: 'half'; readonly says: 'cut' | 'refused' | 'nothing' }
  /** Delivered a second time, so long after the first: that makes a second copy, under a name of its own. */
  | { readonly kind: 'twice'; readonly againMs: number }
  /** Answered at once with a job, which cuts, or fails, `cutMs` after it was sent. */
  | { readonly kind: 'job'; readonly cutMs: number; readonly fails?: boolean };
