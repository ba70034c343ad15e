import { answerOf, type Call, type Method, type SessionMethod } from './call.ts';
import { type Collected, collect, collectedXml, notFound, parseFilterSpec, refuseUnknown, valueAt } from './collect.ts';
import { child, childrenOf, flag, textOf } from './element.ts';
import { VimFault } from './fault.ts';
import { HISTORY } from './history.ts';
import { vmRef } from './names.ts';
import { userSession } from './session.ts';
import { UPDATES } from './updates.ts';
import { anyField, field, type Ref, text } from './value.ts';
import { VIEWS } from './views.ts';

/** What may be asked without a login. */
const anonymous: Readonly<Record<string, Method>> = {
  RetrieveServiceContent: ({ content }) => field('returnval', content),
  CurrentTime: ({ now }) => field('returnval', { kind: 'scalar', type: 'xsd:dateTime', text: now.toISOString() }),
  Login({ request, login }) {
    const session = login(textOf(request, 'userName') ?? '', textOf(request, 'password') ?? '');
    return field('returnval', userSession(session));
  },
  Fetch: fetchProperty,
  RetrievePropertiesEx: (call) => page(call, retrieve(call)),
  RetrieveProperties: (call) =>
    retrieve(call)
      .map((each) => collectedXml('returnval', each))
      .join(''),
};

const authenticated: Readonly<Record<string, SessionMethod>> = {
  ...VIEWS,
  ...UPDATES,
  ...HISTORY,
  Logout({ logout }) {
    logout();
    return '';
  },
  SessionIsActive: ({ request }, session) =>
    field('returnval', text(String(textOf(request, 'sessionID') === session.key))),
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

/** One property of one object; pyVmomi asks for each of them so. Of the service itself also without a login. */
function fetchProperty({ request, target, lookup, session }: Call): string {
  const object = lookup(target);
  if (object === undefined) throw notFound(target);
  const name = textOf(request, 'prop') ?? '';
  refuseUnknown(target.type, name);
  if (session === undefined && target.type !== 'ServiceInstance') {
    throw new VimFault('NotAuthenticated', 'The session is not authenticated.');
  }
  const value = valueAt(object.properties, name);
  return value === undefined ? '' : anyField('returnval', value);
}

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

function found(ref: Ref | undefined): string {
  return ref === undefined ? '' : answerOf(ref);
}
