import type { WorldTable, WorldVm } from '../table.ts';
import { type ManagedObject, refsIn, valueAt } from './collect.ts';
import { datastoreObject } from './datastore.ts';
import { hostObjects } from './host.ts';
import { datastoreRef, type FixedRefs, fixedRefs, hostRef, vmRef, wireName } from './names.ts';
import { isA } from './types.ts';
import {
  bool,
  data,
  enumeration,
  type Fields,
  int,
  list,
  long,
  type Ref,
  reference,
  references,
  refKey,
  text,
} from './value.ts';
import { vmObjects } from './vm.ts';

export interface Inventory {
  readonly fixed: FixedRefs;
  get(ref: Ref): ManagedObject | undefined;
  /** What a container view of these types sees from here, in inventory order; all entities where none is named. */
  below(container: Ref, types: readonly string[], recursive: boolean): readonly Ref[];
  /** '/DC1/vm/Mail/mail01', with or without the first slash; names as on the wire. */
  byPath(path: string): Ref | undefined;
  vms(): readonly WorldVm[];
}

/** The table as managed objects. */
export function inventory(table: WorldTable): Inventory {
  const fixed = fixedRefs(table.about.product);
  const objects = new Map<string, ManagedObject>();
  const add = (object: ManagedObject): void => void objects.set(refKey(object.ref), object);

  add(
    folder(fixed.root, table.about.product === 'vcenter' ? 'Datacenters' : 'ha-folder-root', undefined, [
      fixed.datacenter,
    ]),
  );
  add(datacenter(table, fixed));
  add(folder(fixed.hostFolder, 'host', fixed.datacenter, [fixed.compute]));
  add(folder(fixed.networkFolder, 'network', fixed.datacenter, []));
  const stores = table.datastores.map((store) => datastoreRef(store.id));
  add(folder(fixed.datastoreFolder, 'datastore', fixed.datacenter, stores));
  for (const object of compute(table, fixed)) add(object);
  for (const host of table.hosts) for (const object of hostObjects(table, host, fixed)) add(object);
  for (const store of table.datastores) add(datastoreObject(table, store, fixed));
  for (const object of virtualMachines(table, fixed)) add(object);

  const get = (ref: Ref): ManagedObject | undefined => objects.get(refKey(ref));
  return {
    fixed,
    get,
    below: (container, types, recursive) => below(get, container, types, recursive),
    byPath: (path) => byPath(get, fixed.root, path),
    vms: () => table.vms,
  };
}

function folder(ref: Ref, name: string, parent: Ref | undefined, children: readonly Ref[]): ManagedObject {
  return {
    ref,
    properties: {
      name: text(wireName(name)),
      ...(parent === undefined ? {} : { parent: reference(parent) }),
      overallStatus: enumeration('ManagedEntityStatus', 'green'),
      childType: list('string', [text('Folder')]),
      childEntity: references(children),
    },
  };
}

function datacenter(table: WorldTable, fixed: FixedRefs): ManagedObject {
  return {
    ref: fixed.datacenter,
    properties: {
      name: text(wireName(table.datacenter)),
      parent: reference(fixed.root),
      overallStatus: enumeration('ManagedEntityStatus', 'green'),
      vmFolder: reference(fixed.vmFolder),
      hostFolder: reference(fixed.hostFolder),
      datastoreFolder: reference(fixed.datastoreFolder),
      networkFolder: reference(fixed.networkFolder),
      datastore: references(table.datastores.map((store) => datastoreRef(store.id))),
      network: references([]),
    },
  };
}

function compute(table: WorldTable, fixed: FixedRefs): readonly ManagedObject[] {
  const hosts = table.hosts.map((host) => hostRef(host.id));
  const summary = fixed.compute.type === 'ComputeResource' ? 'ComputeResourceSummary' : 'ClusterComputeResourceSummary';
  const configuration = data('ClusterConfigInfoEx', {
    dasConfig: data('ClusterDasConfigInfo', { enabled: bool(false) }),
    drsConfig: data('ClusterDrsConfigInfo', { enabled: bool(false) }),
  });
  const properties: Fields = {
    configurationEx: fixed.compute.type === 'ComputeResource' ? undefined : configuration,
    name: text(fixed.compute.type === 'ComputeResource' ? (table.hosts[0]?.name ?? '') : 'Cluster'),
    parent: reference(fixed.hostFolder),
    overallStatus: enumeration('ManagedEntityStatus', 'green'),
    host: references(hosts),
    datastore: references(table.datastores.map((store) => datastoreRef(store.id))),
    network: references([]),
    resourcePool: reference(fixed.pool),
    summary: data(summary, {
      numHosts: int(hosts.length),
      overallStatus: enumeration('ManagedEntityStatus', 'green'),
    }),
  };
  const pool: Fields = {
    name: text('Resources'),
    parent: reference(fixed.compute),
    overallStatus: enumeration('ManagedEntityStatus', 'green'),
    owner: reference(fixed.compute),
    ...poolState(),
    resourcePool: references([]),
    vm: references(table.vms.filter((vm) => vm.template !== true).map((vm) => vmRef(vm.id))),
  };
  return [
    { ref: fixed.compute, properties },
    { ref: fixed.pool, properties: pool },
  ];
}

/** Without a limit, and nothing of it used. */
function poolState(): Fields {
  const usage = data('ResourcePoolResourceUsage', {
    reservationUsed: long(0),
    reservationUsedForVm: long(0),
    unreservedForPool: long(0),
    unreservedForVm: long(0),
    overallUsage: long(0),
    maxUsage: long(0),
  });
  const allocation = data('ResourceAllocationInfo', {
    reservation: long(0),
    expandableReservation: bool(true),
    limit: long(-1),
    shares: data('SharesInfo', { shares: int(4000), level: enumeration('SharesLevel', 'normal') }),
  });
  const runtime = data('ResourcePoolRuntimeInfo', {
    memory: usage,
    cpu: usage,
    overallStatus: enumeration('ManagedEntityStatus', 'green'),
  });
  const config = data('ResourceConfigSpec', { cpuAllocation: allocation, memoryAllocation: allocation });
  return { config, runtime, summary: data('ResourcePoolSummary', { name: text('Resources'), config, runtime }) };
}

/** Every folder that a VM names, and those around it, by its path. */
function folderRefs(table: WorldTable, fixed: FixedRefs): ReadonlyMap<string, VmFolder> {
  const folders = new Map<string, VmFolder>([[pathKey([]), { path: [], ref: fixed.vmFolder }]]);
  for (const vm of table.vms) {
    for (let depth = 1; depth <= vm.folder.length; depth += 1) {
      const path = vm.folder.slice(0, depth);
      if (folders.has(pathKey(path))) continue;
      folders.set(pathKey(path), { path, ref: { type: 'Folder', id: `group-v${100 + folders.size}` } });
    }
  }
  return folders;
}

interface VmFolder {
  readonly path: readonly string[];
  readonly ref: Ref;
}

function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** The VM folders, and the VMs in them. */
function virtualMachines(table: WorldTable, fixed: FixedRefs): readonly ManagedObject[] {
  const folders = folderRefs(table, fixed);
  const refOf = (path: readonly string[]): Ref => folders.get(pathKey(path))?.ref ?? fixed.vmFolder;
  const children = new Map<string, Ref[]>();
  const put = (parent: readonly string[], ref: Ref): void => {
    const here = children.get(pathKey(parent)) ?? [];
    here.push(ref);
    children.set(pathKey(parent), here);
  };
  for (const { path, ref } of folders.values()) if (path.length > 0) put(path.slice(0, -1), ref);
  for (const vm of table.vms) put(vm.folder, vmRef(vm.id));
  return [
    ...[...folders.values()].map(({ path, ref }) => {
      const parent = path.length === 0 ? fixed.datacenter : refOf(path.slice(0, -1));
      return folder(ref, path.at(-1) ?? 'vm', parent, children.get(pathKey(path)) ?? []);
    }),
    ...table.vms.flatMap((vm) => vmObjects(table, vm, refOf(vm.folder), fixed)),
  ];
}

const CHILDREN: readonly (readonly [type: string, paths: readonly string[]])[] = [
  ['Folder', ['childEntity']],
  ['Datacenter', ['vmFolder', 'hostFolder', 'datastoreFolder', 'networkFolder']],
  ['ComputeResource', ['host', 'resourcePool']],
  ['ResourcePool', ['resourcePool', 'vm']],
  ['HostSystem', ['vm']],
];

function childrenOf(object: ManagedObject): readonly Ref[] {
  const paths = CHILDREN.find(([type]) => isA(object.ref.type, type))?.[1] ?? [];
  return paths.flatMap((path) => refsIn(valueAt(object.properties, path)));
}

function below(get: Inventory['get'], container: Ref, types: readonly string[], recursive: boolean): readonly Ref[] {
  const seen = new Map<string, Ref>();
  const descend = (ref: Ref): void => {
    const object = get(ref);
    if (object === undefined) return;
    for (const next of childrenOf(object)) {
      if (seen.has(refKey(next))) continue;
      seen.set(refKey(next), next);
      if (recursive) descend(next);
    }
  };
  descend(container);
  const wanted = types.length === 0 ? ['ManagedEntity'] : types;
  return [...seen.values()].filter((ref) => wanted.some((type) => isA(ref.type, type)));
}

function byPath(get: Inventory['get'], root: Ref, path: string): Ref | undefined {
  let here: Ref | undefined = root;
  for (const step of path.split('/').filter((each) => each !== '')) {
    const object: ManagedObject | undefined = here === undefined ? undefined : get(here);
    here = object === undefined ? undefined : childrenOf(object).find((ref) => nameOf(get(ref)) === step);
  }
  return here;
}

function nameOf(object: ManagedObject | undefined): string | undefined {
  const name = object?.properties.name;
  return name?.kind === 'scalar' ? name.text : undefined;
}
