import { randomBytes } from 'node:crypto';
import { type Collected, type FilterSpec, type Lookup, type ManagedObject, notFound } from './collect.ts';
import type { Inventory } from './inventory.ts';
import { bool, data, list, type Ref, reference, references, refKey, text, type Value } from './value.ts';

/** What one login has made: gone with it. */
export interface Session {
  readonly cookie: string;
  readonly key: string;
  readonly user: string;
  readonly loggedInAt: string;
  readonly views: Map<string, View>;
  readonly collectors: Map<string, PropertyCollector>;
  /** The rest of an answer, by the token that fetches it: once. */
  readonly pages: Map<string, readonly Collected[]>;
  /** The next number for something that it makes. */
  next(): number;
}

interface View {
  readonly container: Ref;
  readonly types: readonly string[];
  readonly recursive: boolean;
}

export interface PropertyCollector {
  readonly filters: Map<string, FilterSpec>;
  /** Ends the wait that is going on. */
  cancel: () => void;
}

export const DEFAULT_COLLECTOR = 'propertyCollector';

export function newSession(user: string, now: Date): Session {
  let made = 0;
  return {
    cookie: randomBytes(20).toString('hex'),
    key: randomBytes(8).toString('hex'),
    user,
    loggedInAt: now.toISOString(),
    views: new Map(),
    collectors: new Map([[DEFAULT_COLLECTOR, newCollector()]]),
    pages: new Map(),
    next: () => ++made,
  };
}

export function newCollector(): PropertyCollector {
  return { filters: new Map(), cancel: () => {} };
}

export function collectorOf(session: Session, ref: Ref): PropertyCollector {
  const collector = session.collectors.get(ref.id);
  if (collector === undefined) throw notFound(ref);
  return collector;
}

/** What a caller can see: the inventory, the service's own objects, and what its session made. */
export function lookupFor(inventory: Inventory, services: readonly ManagedObject[], session?: Session): Lookup {
  const own = new Map(services.map((object) => [refKey(object.ref), object]));
  return (ref) => {
    const view = ref.type === 'ContainerView' ? session?.views.get(ref.id) : undefined;
    if (view !== undefined) return viewObject(inventory, ref, view);
    if (ref.type === 'SessionManager' && session !== undefined) return sessionManager(ref, session);
    return inventory.get(ref) ?? own.get(refKey(ref));
  };
}

function viewObject(inventory: Inventory, ref: Ref, view: View): ManagedObject {
  return {
    ref,
    properties: {
      container: reference(view.container),
      type: list('string', view.types.map(text)),
      recursive: bool(view.recursive),
      view: references(inventory.below(view.container, view.types, view.recursive)),
    },
  };
}

function sessionManager(ref: Ref, session: Session): ManagedObject {
  return { ref, properties: { currentSession: userSession(session) } };
}

export function userSession(session: Session): Value {
  const at = { kind: 'scalar', type: 'xsd:dateTime', text: session.loggedInAt } as const;
  return data('UserSession', {
    key: text(session.key),
    userName: text(session.user),
    fullName: text(session.user),
    loginTime: at,
    lastActiveTime: at,
    locale: text('en'),
    messageLocale: text('en'),
  });
}
