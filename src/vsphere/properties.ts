import type { Deadline } from '../base/deadline.ts';
import { defined } from '../base/defined.ts';
import { Fault } from '../base/fault.ts';
import { quoted } from '../base/quoted.ts';
import type { Vsphere } from './client.ts';
import { asRef, child, children, type Ref, refId, refType, text } from './element.ts';
import { faultClass, notAuthenticated } from './faults.ts';
import { branch, type Element, escaped, leaf } from './xml.ts';

/** What to read: kinds of objects, with exact property paths ('config.hardware.device'). */
export interface Wanted {
  readonly type: string;
  readonly paths: readonly string[];
}

/** One object with what it has of what was asked; a property that is unset is simply absent. */
export interface Found {
  readonly ref: Ref;
  readonly values: ReadonlyMap<string, Element>;
  /** What the server would not tell. */
  readonly missing: readonly Missing[];
}

interface Missing {
  readonly path: string;
  /** The class of its fault: 'NoPermission'. */
  readonly fault: string;
  readonly privilege?: string;
}

/** Twenty times what a vCenter can manage: a server may give pages without end. */
const MOST_OBJECTS = 1_000_000;

/** A server may make its pages smaller. */
export const PAGE_OBJECTS = 500;

/** Every object of these kinds that the login can see, handed over one at a time; only one is in memory. */
export async function readEverywhere(
  vsphere: Vsphere,
  wanted: readonly Wanted[],
  receive: (found: Found) => void,
  limit: Deadline,
  pageObjects = PAGE_OBJECTS,
): Promise<void> {
  const view = await createView(
    vsphere,
    wanted.map((kind) => kind.type),
    limit,
  );
  const traversal = branch(
    'selectSet',
    [leaf('name', 'view'), leaf('type', 'ContainerView'), leaf('path', 'view'), leaf('skip', false)],
    'TraversalSpec',
  );
  const objectSet = branch('objectSet', [written('obj', view), leaf('skip', true), traversal]);
  try {
    await readPages(vsphere, wanted, [objectSet], receive, limit, pageObjects);
  } finally {
    await destroyView(vsphere, view, limit);
  }
}

/** These objects. One that is gone meanwhile is not handed over, or with `ManagedObjectNotFound` as missing. */
export async function readThese(
  vsphere: Vsphere,
  wanted: Wanted,
  refs: readonly Ref[],
  receive: (found: Found) => void,
  limit: Deadline,
  pageObjects = PAGE_OBJECTS,
): Promise<void> {
  if (refs.length === 0) return;
  const objectSets = refs.map((one) => branch('objectSet', [written('obj', one)]));
  await readPages(vsphere, [wanted], objectSets, receive, limit, pageObjects);
}

/** Nothing may be missing of what a plan stands on: an unreadable disk list must never look like no disks. */
export function insistOnAll(found: Found, name: string, vsphere: Pick<Vsphere, 'host' | 'username'>): Found {
  const first = found.missing[0];
  if (first === undefined) return found;
  const rest = found.missing.length - 1;
  const what = `${first.path}${rest === 0 ? '' : ` and ${rest} more`}`;
  if (first.privilege === undefined) {
    throw new Fault({
      code: 'vsphere.unreadable',
      message: `${quoted(name)} (${quoted(found.ref)}): ${vsphere.host} does not tell ${quoted(what)}: ${first.fault}`,
    });
  }
  throw new Fault({
    code: 'vsphere.no-permission',
    message: `${quoted(name)} (${quoted(found.ref)}): ${vsphere.username} lacks ${quoted(first.privilege)} and cannot read ${quoted(what)}`,
    hint: 'Give the user the role Read-only on it or above it, with "Propagate to children".',
  });
}

/** Takes what is told whole, object by object, and names at the end every one of which something is missing. */
export interface Insisting {
  /** Undefined: something of it is missing. */
  whole(found: Found, name: string): Found | undefined;
  /** @throws Fault where something was missing: the first, and the names of all others */
  done(): void;
}

export function insisting(vsphere: Pick<Vsphere, 'host' | 'username'>): Insisting {
  const untold: { readonly name: string; readonly fault: Fault }[] = [];
  return {
    whole(found, name) {
      try {
        return insistOnAll(found, name, vsphere);
      } catch (thrown) {
        if (!(thrown instanceof Fault)) throw thrown;
        untold.push({ name, fault: thrown });
        return undefined;
      }
    },
    done() {
      const [first, ...others] = untold;
      if (first === undefined) return;
      const { code, message, hint } = first.fault;
      const also = others.length === 0 ? '' : `; the same of ${others.map(({ name }) => quoted(name)).join(', ')}`;
      throw new Fault({ code, message: message + also, ...defined({ hint }) });
    },
  };
}

/** Deleted since its reference was read. */
export function isGone(found: Found): boolean {
  return found.missing.some((missing) => missing.fault === 'ManagedObjectNotFound');
}

async function createView(vsphere: Vsphere, types: readonly string[], limit: Deadline): Promise<Ref> {
  const args = [
    written('container', vsphere.content.rootFolder),
    ...types.map((type) => leaf('type', type)),
    leaf('recursive', true),
  ];
  const answer = await vsphere.call(vsphere.content.viewManager, 'CreateContainerView', args, limit);
  const view = asRef(child(answer, 'returnval'));
  if (view !== undefined) return view;
  throw new Fault({ code: 'vsphere.malformed', message: `${vsphere.host}: CreateContainerView answered no view` });
}

const DESTROY_MS = 5_000;

/** A view lives as long as its session at the most: failing to end it early is no reason to fail. */
async function destroyView(vsphere: Vsphere, view: Ref, limit: Deadline): Promise<void> {
  const budget = limit.afresh(DESTROY_MS, `${vsphere.host}: DestroyView`);
  await vsphere.call(view, 'DestroyView', [], budget).catch(() => undefined);
  budget.done();
}

async function readPages(
  vsphere: Vsphere,
  wanted: readonly Wanted[],
  objectSets: readonly string[],
  receive: (found: Found) => void,
  limit: Deadline,
  pageObjects: number,
): Promise<void> {
  const propSets = wanted.map(({ type, paths }) =>
    branch('propSet', [leaf('type', type), ...paths.map((path) => leaf('pathSet', path))]),
  );
  const specSet = branch('specSet', [...propSets, ...objectSets, leaf('reportMissingObjectsInResults', true)]);
  const options = branch('options', [leaf('maxObjects', pageObjects)]);
  let method = 'RetrievePropertiesEx';
  let args = [specSet, options];
  let objects = 0;
  const taken = (element: Element): void => {
    objects += 1;
    if (objects > MOST_OBJECTS) throw tooMany(vsphere.host);
    receive(found(vsphere, method, element));
  };
  for (;;) {
    const reading = { take: 'objects', taken };
    const answer = await vsphere.call(vsphere.content.propertyCollector, method, args, limit, reading);
    const token = text(answer, 'returnval', 'token');
    if (token === undefined || token === '') return;
    method = 'ContinueRetrievePropertiesEx';
    args = [leaf('token', token)];
  }
}

function tooMany(host: string): Fault {
  return new Fault({
    code: 'vsphere.too-many-objects',
    message: `${host}: more than ${MOST_OBJECTS} objects in one reading; it was given up`,
    hint: 'Give the user the role Read-only on less of the inventory.',
  });
}

function found(vsphere: Vsphere, method: string, element: Element): Found {
  const of = asRef(child(element, 'obj'));
  if (of === undefined) {
    throw new Fault({
      code: 'vsphere.malformed',
      message: `${vsphere.host}: ${method}: an object without a reference`,
    });
  }
  const values = new Map<string, Element>();
  for (const property of children(element, 'propSet')) {
    const name = text(property, 'name');
    const value = child(property, 'val');
    if (name !== undefined && value !== undefined) values.set(name, value);
  }
  const missing = children(element, 'missingSet').map(missingOf);
  // vcsim, and a vCenter whose session ended between two pages, say it here instead of as a fault.
  if (missing.some((entry) => entry.fault === 'NotAuthenticated')) {
    throw notAuthenticated({ host: vsphere.host, username: vsphere.username, method });
  }
  return { ref: of, values, missing };
}

function missingOf(element: Element): Missing {
  const fault = child(child(element, 'fault'), 'fault');
  const privilege = text(fault, 'privilegeId');
  return {
    path: text(element, 'path') ?? '',
    fault: faultClass(fault),
    ...(privilege === undefined || privilege === '' ? {} : { privilege }),
  };
}

function written(name: string, of: Ref): string {
  return `<${name} type="${escaped(refType(of))}">${escaped(refId(of))}</${name}>`;
}
