import { EXIT, type Fault } from '../../base/fault.ts';

/** One thing of a set that was held against its manifest. */
export interface Verified {
  /** 'manifest', 'array fast', 'fast: mail_db' */
  readonly subject: string;
  readonly is: Standing;
  /** Stable and dotted, for machines. */
  readonly code: string;
  /** What is true of it, in one line. */
  readonly message: string;
  /** What to do. */
  readonly hint?: string;
}

/** Worst first. `unreachable`: nobody answered; `not-looked-at`: nobody there can tell. */
export const STANDINGS = ['wrong', 'unreachable', 'worth-knowing', 'not-looked-at', 'as-recorded'] as const;
export type Standing = (typeof STANDINGS)[number];

/** What is known to be wrong outweighs what is not known. */
export function exitOf(all: readonly Verified[]): number {
  if (all.some(({ is }) => is === 'wrong')) return EXIT.weaker;
  return all.some(({ is }) => is === 'unreachable') ? EXIT.notPrepared : EXIT.done;
}

export function worstFirst(all: readonly Verified[]): readonly Verified[] {
  return [...all].sort((a, b) => STANDINGS.indexOf(a.is) - STANDINGS.indexOf(b.is));
}

/** What could not be asked is a line like any other; a bug of ours is none. */
export function unreached(subject: string, fault: Fault): Verified {
  if (fault.exit === EXIT.bug) throw fault;
  const { code, message, hint } = fault;
  return { subject, is: 'unreachable', code, message, ...(hint === undefined ? {} : { hint }) };
}

/** 'fast: mail_db': a volume is always named with its array. */
export function volumeSubject({
  array,
  source,
}: {
  readonly array: string;
  readonly source: { readonly name: string };
}) {
  return `${array}: ${source.name}`;
}
