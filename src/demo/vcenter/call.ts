import type { Lookup } from './collect.ts';
import type { Element } from './element.ts';
import type { Inventory } from './inventory.ts';
import type { Session } from './session.ts';
import { field, type Ref, reference, type Value } from './value.ts';

/** One request, as its method sees it. */
export interface Call {
  readonly request: Element;
  readonly target: Ref;
  readonly session: Session | undefined;
  readonly inventory: Inventory;
  readonly lookup: Lookup;
  readonly content: Value;
  readonly now: Date;
  readonly pageSize: number;
  /** Aborts when the caller is gone. */
  readonly gone: AbortSignal;
  login(user: string, password: string): Session;
  logout(): void;
}

/** Answers the inside of `…Response`. */
export type Method = (call: Call) => string | Promise<string>;
export type SessionMethod = (call: Call, session: Session) => string | Promise<string>;

export function answerOf(ref: Ref): string {
  return field('returnval', reference(ref));
}
