import type { Partition } from './stretch.ts';

/** What the bytes of a snapshot say of themselves. */
export interface Evidence {
  readonly sizeBytes: bigint;
  readonly parts: readonly Part[];
  /** Why it could not be divided into parts. */
  readonly damaged?: string;
}

/** A partition, or the whole disk. */
export interface Part {
  /** Absent: the whole disk. */
  readonly partition?: Partition;
  /** 'ext4', 'LVM', 'nothing' */
  readonly what: string;
  /** Absent: nothing of this kind can tell. */
  readonly recovery?: Recovery;
  /** Absent: it was not asked for, or nothing of this kind can be checked. */
  readonly check?: Check;
  /** Something that somebody should know. */
  readonly note?: string;
}

/** Whether a mount would have to redo or undo what was under way. After an unmount or a freeze nothing was. */
export interface Recovery {
  readonly needed: 'no' | 'yes' | 'unknown';
  /** 'needs_recovery is set', 'xfsprogs is not on fast.example' */
  readonly because: string;
}

export type Check =
  | { readonly kind: 'sound'; readonly program: string }
  | { readonly kind: 'errors'; readonly program: string; readonly says: string }
  /** It says something that may be right of a sound file system too. */
  | { readonly kind: 'doubts'; readonly program: string; readonly says: string }
  | { readonly kind: 'not-looked-at'; readonly because: string };
