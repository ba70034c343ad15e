import { answerOf, type Call, type SessionMethod } from './call.ts';
import { notFound, parseRef } from './collect.ts';
import { childrenOf, flag, textsOf } from './element.ts';
import type { Session, View } from './session.ts';
import { field, type Ref, reference, refKey } from './value.ts';

/** What a client looks at together: all below a container, or a list of its own. */
export const VIEWS: Readonly<Record<string, SessionMethod>> = {
  CreateContainerView({ request, lookup }, session) {
    const container = parseRef(request, 'container');
    if (lookup(container) === undefined) throw notFound(container);
    const id = session.newId();
    const types = textsOf(request, 'type');
    session.views.set(id, { type: 'ContainerView', container, types, recursive: flag(request, 'recursive') });
    return answerOf({ type: 'ContainerView', id });
  },
  CreateListView(call, session) {
    const id = session.newId();
    session.views.set(id, { type: 'ListView', objects: split(call, 'obj').there });
    return answerOf({ type: 'ListView', id });
  },
  ModifyListView(call, session) {
    const view = listOf(session, call.target);
    const { there, missing } = split(call, 'add');
    const gone = new Set(refsOf(call, 'remove').map(refKey));
    const kept = [...view.objects, ...there].filter((ref) => !gone.has(refKey(ref)));
    const objects = [...new Map(kept.map((ref) => [refKey(ref), ref])).values()];
    session.views.set(call.target.id, { type: 'ListView', objects });
    return missing.map((ref) => field('returnval', reference(ref))).join('');
  },
  ResetListView(call, session) {
    listOf(session, call.target);
    const { there, missing } = split(call, 'obj');
    session.views.set(call.target.id, { type: 'ListView', objects: there });
    return missing.map((ref) => field('returnval', reference(ref))).join('');
  },
  DestroyView({ target }, session) {
    if (!session.views.delete(target.id)) throw notFound(target);
    return '';
  },
};

function refsOf({ request }: Call, name: string): readonly Ref[] {
  return childrenOf(request, name).map(({ attributes, text }) => ({ type: attributes.type ?? '', id: text }));
}

/** A list takes what is there, and answers what is not. */
function split(call: Call, name: string): { readonly there: readonly Ref[]; readonly missing: readonly Ref[] } {
  const refs = refsOf(call, name);
  const isThere = (ref: Ref): boolean => call.lookup(ref) !== undefined;
  return { there: refs.filter(isThere), missing: refs.filter((ref) => !isThere(ref)) };
}

function listOf(session: Session, ref: Ref): View & { readonly type: 'ListView' } {
  const view = session.views.get(ref.id);
  if (view?.type !== 'ListView') throw notFound(ref);
  return view;
}
