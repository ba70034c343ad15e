import { type Collected, collect, collectedXml, type Lookup, notFound, parseFilterSpec, parseRef } from './collect.ts';
import { child, childrenOf, type Element, flag, textOf, textsOf } from './element.ts';
import { VimFault } from './fault.ts';
import type { Inventory } from './inventory.ts';
import { vmRef } from './names.ts';
import { collectorOf, newCollector, type PropertyCollector, type Session, userSession } from './session.ts';
import { anyField, field, type Ref, reference, text, type Value } from './value.ts';

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
type Method = (call: Call) => string | Promise<string>;
type SessionMethod = (call: Call, session: Session) => string | Promise<string>;

/** What may be asked without a login. */
const anonymous: Readonly<Record<string, Method>> = {
  RetrieveServiceContent: ({ content }) => field('returnval', content),
  CurrentTime: ({ now }) => field('returnval', { kind: 'scalar', type: 'xsd:dateTime', text: now.toISOString() }),
  Login({ request, login }) {
    const session = login(textOf(request, 'userName') ?? '', textOf(request, 'password') ?? '');
    return field('returnval', userSession(session));
  },
  RetrievePropertiesEx: (call) => page(call, retrieve(call)),
  RetrieveProperties: (call) =>
    retrieve(call)
      .map((each) => collectedXml('returnval', each))
      .join(''),
};

const authenticated: Readonly<Record<string, SessionMethod>> = {
  Logout({ logout }) {
    logout();
    return '';
  },
  SessionIsActive: ({ request }, session) =>
    field('returnval', text(String(textOf(request, 'sessionID') === session.key))),
  CreateContainerView({ request, lookup }, session) {
    const container = parseRef(request, 'container');
    if (lookup(container) === undefined) throw notFound(container);
    const id = `session[${session.key}]${session.next()}`;
    session.views.set(id, { container, types: textsOf(request, 'type'), recursive: flag(request, 'recursive') });
    return field('returnval', reference({ type: 'ContainerView', id }));
  },
  DestroyView({ target }, session) {
    if (!session.views.delete(target.id)) throw notFound(target);
    return '';
  },
  ContinueRetrievePropertiesEx(call, session) {
    const token = textOf(call.request, 'token') ?? '';
    const rest = session.pages.get(token);
    if (rest === undefined) throw new VimFault('InvalidArgument', 'A specified parameter was not correct: token');
    session.pages.delete(token);
    return page(call, rest);
  },
  CancelRetrievePropertiesEx({ request }, session) {
    session.pages.delete(textOf(request, 'token') ?? '');
    return '';
  },
  CreatePropertyCollector(_call, session) {
    const id = `session[${session.key}]${session.next()}`;
    session.collectors.set(id, newCollector());
    return field('returnval', reference({ type: 'PropertyCollector', id }));
  },
  DestroyPropertyCollector({ target }, session) {
    collectorOf(session, target).cancel();
    session.collectors.delete(target.id);
    return '';
  },
  CreateFilter({ request, target }, session) {
    const spec = child(request, 'spec');
    if (spec === undefined) throw new VimFault('InvalidArgument', 'A specified parameter was not correct: spec');
    const id = `session[${session.key}]${session.next()}`;
    collectorOf(session, target).filters.set(id, parseFilterSpec(spec));
    return field('returnval', reference({ type: 'PropertyFilter', id }));
  },
  DestroyPropertyFilter({ target }, session) {
    for (const collector of session.collectors.values()) collector.filters.delete(target.id);
    return '';
  },
  CancelWaitForUpdates({ target }, session) {
    collectorOf(session, target).cancel();
    return '';
  },
  WaitForUpdatesEx: waitForUpdates,
  FindByInventoryPath: ({ request, inventory }) => found(inventory.byPath(textOf(request, 'inventoryPath') ?? '')),
  FindByUuid({ request, inventory }) {
    const uuid = (textOf(request, 'uuid') ?? '').toLowerCase();
    const key = flag(request, 'instanceUuid') ? 'instanceUuid' : 'biosUuid';
    const vm = flag(request, 'vmSearch') ? inventory.vms().find((each) => each[key] === uuid) : undefined;
    return found(vm === undefined ? undefined : vmRef(vm.id));
  },
};

export const ANONYMOUS: ReadonlyMap<string, Method> = new Map(Object.entries(anonymous));
export const METHODS: ReadonlyMap<string, SessionMethod> = new Map(Object.entries(authenticated));

function retrieve({ request, lookup, session }: Call): readonly Collected[] {
  return childrenOf(request, 'specSet').flatMap((spec) =>
    collect(parseFilterSpec(spec), lookup, session !== undefined),
  );
}

function page({ request, session, pageSize }: Call, all: readonly Collected[]): string {
  const options = child(request, 'options');
  const asked = Number(options === undefined ? 0 : (textOf(options, 'maxObjects') ?? 0));
  const size = asked > 0 ? Math.min(asked, pageSize) : pageSize;
  if (all.length === 0) return '';
  const objects = all.slice(0, size).map((each) => collectedXml('objects', each));
  if (all.length <= size || session === undefined) return `<returnval>${objects.join('')}</returnval>`;
  const token = String(session.next());
  session.pages.set(token, all.slice(size));
  return `<returnval>${field('token', text(token))}${objects.join('')}</returnval>`;
}

/** The first call tells everything; as nothing changes here by itself, the next ones wait as long as they are asked to. */
async function waitForUpdates(call: Call, session: Session): Promise<string> {
  const collector = collectorOf(session, call.target);
  if ((textOf(call.request, 'version') ?? '') === '') return firstUpdates(call, collector);
  const options = child(call.request, 'options');
  const seconds = options === undefined ? undefined : textOf(options, 'maxWaitSeconds');
  await new Promise<void>((resolve) => {
    const timer = seconds === undefined ? undefined : setTimeout(resolve, Number(seconds) * 1000);
    collector.cancel = () => {
      clearTimeout(timer);
      resolve();
    };
    call.gone.addEventListener('abort', () => collector.cancel(), { once: true });
  });
  return '';
}

function firstUpdates({ lookup }: Call, collector: PropertyCollector): string {
  const filters = [...collector.filters].map(([id, spec]) => {
    const objects = collect(spec, lookup, true).map((object) => {
      const changes = object.properties.map(({ path, value }) => change(path, value));
      return `<objectSet><kind>enter</kind>${field('obj', reference(object.ref))}${changes.join('')}</objectSet>`;
    });
    return `<filterSet>${field('filter', reference({ type: 'PropertyFilter', id }))}${objects.join('')}</filterSet>`;
  });
  return `<returnval><version>1</version>${filters.join('')}</returnval>`;
}

function change(path: string, value: Value): string {
  return `<changeSet>${field('name', text(path))}<op>assign</op>${anyField('val', value)}</changeSet>`;
}

function found(ref: Ref | undefined): string {
  return ref === undefined ? '' : field('returnval', reference(ref));
}
