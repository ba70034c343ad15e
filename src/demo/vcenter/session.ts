import { randomBytes } from 'node:crypto';
import { type Collected, type FilterSpec, type Lookup, type ManagedObject, notFound } from './collect.ts';
import type { Inventory } from './inventory.ts';
import { bool, data, type Fields, list, type Ref, reference, references, refKey, text, type Value } from './value.ts';

/** What one login has made: gone with it. */
export interface Session {
  readonly cookie: string;
  readonly key: string;
  readonly user: string;
  readonly loggedInAt: string;
  readonly views: Map<string, View>;
  readonly collectors: Map<string, PropertyCollector>;
  /** Collectors of events and tasks, by id: their class. */
  readonly histories: Map<string, string>;
  /** The rest of an answer, by the token that fetches it: once. */
  readonly pages: Map<string, readonly Collected[]>;
  /** The next number for something that it makes. */
  next(): number;
  /** The id of a managed object that it makes. */
  newId(): string;
}

export type View =
  | {
      readonly type: 'ContainerView';
      readonly container: Ref;
      readonly types: readonly string[];
      readonly recursive: boolean;
    }
  | { readonly type: 'ListView'; readonly objects: readonly Ref[] };

export interface PropertyCollector {
  readonly filters: Map<string, FilterSpec>;
  /** Filters whose objects were told. */
  readonly told: Set<string>;
  /** Of the last answer; 0: there was none. */
  version: number;
  /** Ends the wait that is going on. */
  cancel: () => void;
}

export const DEFAULT_COLLECTOR = 'propertyCollector';
export const SESSION_MANAGER: Ref = { type: 'SessionManager', id: 'SessionManager' };
export const VIEW_MANAGER: Ref = { type: 'ViewManager', id: 'ViewManager' };

export function newSession(user: string, now: Date): Session {
  let made = 0;
  const key = randomBytes(8).toString('hex');
  return {
    cookie: randomBytes(20).toString('hex'),
    key,
    user,
    loggedInAt: now.toISOString(),
    views: new Map(),
    collectors: new Map([[DEFAULT_COLLECTOR, newCollector()]]),
    histories: new Map(),
    pages: new Map(),
    next: () => ++made,
    newId: () => `session[${key}]${++made}`,
  };
}

export function newCollector(): PropertyCollector {
  return { filters: new Map(), told: new Set(), version: 0, cancel: () => {} };
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
    const made = session === undefined ? undefined : madeBy(session, inventory, ref);
    return made === undefined ? (inventory.get(ref) ?? own.get(refKey(ref))) : { ref, properties: made };
  };
}

/** Its own objects, and what the service's tell it of them. */
function madeBy(session: Session, inventory: Inventory, ref: Ref): Fields | undefined {
  const refs = (type: string, ids: Iterable<string>): Value => references([...ids].map((id) => ({ type, id })));
  switch (ref.type) {
    case 'ContainerView':
    case 'ListView': {
      const view = session.views.get(ref.id);
      return view?.type === ref.type ? viewed(view, inventory) : undefined;
    }
    case 'PropertyCollector': {
      const collector = session.collectors.get(ref.id);
      return collector && { filter: refs('PropertyFilter', collector.filters.keys()) };
    }
    case 'EventHistoryCollector':
      return session.histories.get(ref.id) === ref.type ? { latestPage: list('Event', []) } : undefined;
    case 'TaskHistoryCollector':
      return session.histories.get(ref.id) === ref.type ? { latestPage: list('TaskInfo', []) } : undefined;
    case 'SessionManager':
      return { currentSession: userSession(session) };
    case 'ViewManager':
      return { viewList: references([...session.views].map(([id, { type }]) => ({ type, id }))) };
    default:
      return undefined;
  }
}

function viewed(view: View, inventory: Inventory): Fields {
  if (view.type === 'ListView') return { view: references(view.objects) };
  return {
    container: reference(view.container),
    type: list('string', view.types.map(text)),
    recursive: bool(view.recursive),
    view: references(inventory.below(view.container, view.types, view.recursive)),
  };
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
