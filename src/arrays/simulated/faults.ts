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
  /** Answered at once with a job, which cuts, or fails, `cutMs` after it was sent. */
  | { readonly kind: 'job'; readonly cutMs: number; readonly fails?: boolean };
