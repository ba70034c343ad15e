/** What copies of a ledger show. */
export interface LedgerReport {
  /** `one-instant` is only said of a ledger that was whole, and in which a difference would have shown. */
  readonly answer: 'one-instant' | 'violated' | 'cannot-be-judged';
  readonly ledger?: string;
  /** How many volumes it is kept on. */
  readonly expected?: number;
  /** In the order given. */
  readonly volumes: readonly VolumeReport[];
  /** The last record of all volumes, and how many of all are there. */
  readonly highest: number;
  readonly records: number;
  /** By the guest's clock, in ms since 1970. */
  readonly begunAtMs?: number;
  readonly lastAtMs?: number;
  /** From the last record to the snapshot, where it was said when that was. The two clocks may differ. */
  readonly ageMs?: number;
  /** How long one record on every volume took, at the end: a smaller difference may escape this ledger. */
  readonly roundMs?: number;
  /** The write after the last record was under way: normal in a snapshot of a guest that nobody held. */
  readonly unfinished: boolean;
  readonly doubts: readonly Doubt[];
}

export interface VolumeReport {
  readonly volume: string;
  /** Which of the volumes this is; absent: nothing in it is of a ledger. */
  readonly number?: number;
  readonly records: number;
  readonly last: number;
  /** Records that must have been there before others that are. */
  readonly missing: number;
  readonly missingFrom?: number;
  /** How far before the last record of all this volume's own last one was written. */
  readonly behindMs?: number;
  /** Lines that are neither a record, nor blank, nor the one that was being written; a wrong length counts as one. */
  readonly damaged: number;
  /** Records that do not continue the one before them: of two histories. */
  readonly unchained: number;
}

/** Why nothing can be said. */
export type Doubt =
  | { readonly kind: 'no-ledger'; readonly volume: string }
  | {
      readonly kind: 'several-ledgers';
      readonly ledgers: readonly { readonly volume: string; readonly ledger: string }[];
    }
  | { readonly kind: 'volume-twice'; readonly number: number; readonly volumes: readonly string[] }
  | { readonly kind: 'volume-missing'; readonly number: number; readonly of: number }
  | { readonly kind: 'hardly-begun'; readonly highest: number; readonly wanted: number }
  | { readonly kind: 'stood-still'; readonly ageMs: number }
  | { readonly kind: 'clock-ahead'; readonly aheadMs: number };
