import { child, childrenOf, type Element, flag, local, textOf, textsOf } from './element.ts';
import { localizedFault, VimFault } from './fault.ts';
import { isA, knows } from './types.ts';
import { anyField, type Fields, field, type Ref, reference, refKey, text, type Value } from './value.ts';

export interface ManagedObject {
  readonly ref: Ref;
  readonly properties: Fields;
}

export type Lookup = (ref: Ref) => ManagedObject | undefined;

/** One object of an answer. */
export interface Collected {
  readonly ref: Ref;
  readonly properties: readonly { readonly path: string; readonly value: Value }[];
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly path: string;
  readonly why: keyof typeof WHY;
}

const WHY = {
  NotAuthenticated: 'The session is not authenticated.',
  ManagedObjectNotFound: 'The object has already been deleted or has not been completely created.',
} as const;

/** What a PropertyFilterSpec asks for. */
export interface FilterSpec {
  readonly wanted: readonly { readonly type: string; readonly all: boolean; readonly paths: readonly string[] }[];
  /** Objects that are not there are told as missing; otherwise one of them fails the whole call. */
  readonly reportMissing: boolean;
  readonly from: readonly { readonly ref: Ref; readonly skip: boolean; readonly select: readonly Selection[] }[];
}

/** A TraversalSpec; one without a path stands for the one of its name. */
interface Selection {
  readonly name: string | undefined;
  readonly type: string | undefined;
  readonly path: string | undefined;
  readonly skip: boolean;
  readonly select: readonly Selection[];
}

/**
 * The objects that the filter reaches, each once, with the properties that it wants.
 * @param readable false: not logged in; properties are then named as missing instead of being told
 */
export function collect(spec: FilterSpec, lookup: Lookup, readable: boolean): readonly Collected[] {
  return reached(spec, lookup).flatMap((object): readonly Collected[] => {
    const wanted = spec.wanted.filter((each) => isA(object.ref.type, each.type));
    if (wanted.length === 0) return [];
    const missing = (why: Missing['why'], paths: readonly string[]): readonly Collected[] => [
      { ref: object.ref, properties: [], missing: paths.map((path) => ({ path, why })) },
    ];
    if (object.properties === undefined) {
      return missing(
        'ManagedObjectNotFound',
        wanted.flatMap((each) => each.paths),
      );
    }
    const { properties: has } = object;
    const all = wanted.some((each) => each.all) ? Object.keys(has) : [];
    const paths = [...new Set([...all, ...wanted.flatMap((each) => each.paths)])];
    for (const path of paths) refuseUnknown(object.ref.type, path);
    if (!readable) return missing('NotAuthenticated', paths);
    const properties = paths.flatMap((path) => {
      const value = valueAt(has, path);
      return value === undefined ? [] : [{ path, value }];
    });
    return [{ ref: object.ref, properties, missing: [] }];
  });
}

export function collectedXml(name: string, collected: Collected): string {
  const properties = collected.properties.map(
    ({ path, value }) => `<propSet>${field('name', text(path))}${anyField('val', value)}</propSet>`,
  );
  const missing = collected.missing.map(
    ({ path, why }) => `<missingSet>${field('path', text(path))}${localizedFault(why, WHY[why])}</missingSet>`,
  );
  const obj = field('obj', reference(collected.ref));
  return `<${name}>${obj}${properties.join('')}${missing.join('')}</${name}>`;
}

export function parseFilterSpec(spec: Element): FilterSpec {
  return {
    wanted: childrenOf(spec, 'propSet').map((each) => ({
      type: textOf(each, 'type') ?? '',
      all: flag(each, 'all'),
      paths: textsOf(each, 'pathSet'),
    })),
    reportMissing: flag(spec, 'reportMissingObjectsInResults'),
    from: childrenOf(spec, 'objectSet').map((each) => ({
      ref: parseRef(each, 'obj'),
      skip: flag(each, 'skip'),
      select: childrenOf(each, 'selectSet').map(parseSelection),
    })),
  };
}

export function parseRef(of: Element, name: string): Ref {
  const element = child(of, name);
  const type = element?.attributes.type;
  if (element === undefined || type === undefined)
    throw new VimFault('InvalidRequest', `The request has no reference "${name}".`);
  return { type, id: element.text };
}

function parseSelection(element: Element): Selection {
  const traversal = local(element.attributes['xsi:type'] ?? '') === 'TraversalSpec';
  return {
    name: textOf(element, 'name'),
    type: traversal ? textOf(element, 'type') : undefined,
    path: traversal ? textOf(element, 'path') : undefined,
    skip: flag(element, 'skip'),
    select: childrenOf(element, 'selectSet').map(parseSelection),
  };
}

/** Without properties: it is not there. */
interface Reached {
  readonly ref: Ref;
  readonly properties: Fields | undefined;
}

function reached(spec: FilterSpec, lookup: Lookup): readonly Reached[] {
  const found = new Map<string, Reached>();
  const named = new Map<string, Selection>();
  for (const start of spec.from) for (const selection of start.select) collectNames(selection, named);

  const walked = new Map<Selection, Set<string>>();
  const visit = (object: ManagedObject, skip: boolean, select: readonly Selection[]): void => {
    if (!skip) found.set(refKey(object.ref), object);
    for (const each of select) {
      const selection = each.path === undefined && each.name !== undefined ? named.get(each.name) : each;
      if (selection?.path === undefined || selection.type === undefined) {
        throw new VimFault('InvalidArgument', `A SelectionSpec names no TraversalSpec: "${each.name ?? ''}".`);
      }
      if (!isA(object.ref.type, selection.type) || !firstTime(walked, selection, object.ref)) continue;
      for (const ref of refsIn(valueAt(object.properties, selection.path))) {
        const next = lookup(ref);
        if (next !== undefined) visit(next, selection.skip, selection.select);
      }
    }
  };
  for (const start of spec.from) {
    const object = lookup(start.ref);
    if (object !== undefined) visit(object, start.skip, start.select);
    else if (spec.reportMissing) found.set(refKey(start.ref), { ref: start.ref, properties: undefined });
    else throw notFound(start.ref);
  }
  return [...found.values()];
}

/** A named spec may lead back to itself: parents of parents, folders in folders. */
function firstTime(walked: Map<Selection, Set<string>>, selection: Selection, ref: Ref): boolean {
  const seen = walked.get(selection) ?? new Set();
  walked.set(selection, seen);
  if (seen.has(refKey(ref))) return false;
  seen.add(refKey(ref));
  return true;
}

function collectNames(selection: Selection, named: Map<string, Selection>): void {
  if (selection.name !== undefined && selection.path !== undefined) named.set(selection.name, selection);
  for (const inner of selection.select) collectNames(inner, named);
}

export function notFound(ref: Ref): VimFault {
  const message = `The object '${ref.type}:${ref.id}' has already been deleted or has not been completely created`;
  return new VimFault('ManagedObjectNotFound', message, { obj: reference(ref) });
}

export function refuseUnknown(type: string, path: string): void {
  const [first = ''] = path.split('.');
  if (knows(type, first)) return;
  throw new VimFault('InvalidProperty', `The property "${path}" is not one of ${type}.`, { name: text(path) });
}

export function valueAt(properties: Fields, path: string): Value | undefined {
  let fields: Fields = properties;
  let value: Value | undefined;
  for (const step of path.split('.')) {
    value = fields[step];
    fields = value?.kind === 'data' ? value.fields : {};
  }
  return value;
}

export function refsIn(value: Value | undefined): readonly Ref[] {
  if (value?.kind === 'ref') return [value.ref];
  if (value?.kind === 'list') return value.items.flatMap(refsIn);
  return [];
}
