import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import type { Finding, Placement, VmName } from '../model.ts';
import type { PlacementReader } from '../ports.ts';
import { connectVsphere, type Vsphere } from '../vsphere/client.ts';
import type { Ref } from '../vsphere/element.ts';
import {
  type Found,
  insisting,
  insistOnAll,
  isGone,
  PAGE_OBJECTS,
  readEverywhere,
  readThese,
} from '../vsphere/properties.ts';
import { type ConnectionSettings, connectionOf } from '../vsphere/settings.ts';
import { DATASTORE_PATHS, type Datastore, datastore, HOST_PATHS, host } from '../vsphere/storage.ts';
import { currentTime, diskTasks, recentDiskTasks } from '../vsphere/tasks.ts';
import { virtualDisks } from '../vsphere/virtual-disk.ts';
import { type VirtualMachine, VM_PATHS, virtualMachine } from '../vsphere/virtual-machine.ts';
import { readCreators } from './creators.ts';
import { addressOf, chainOf } from './disks.ts';
import { disturbancesSince } from './disturbances.ts';
import { type HostLuns, hostLuns, identifyLun } from './luns.ts';
import { collectNames, NAME_WANTED, type Names } from './names.ts';
import { placementOf } from './placement.ts';
import { select } from './select.ts';
import { partnersOf, type SharedDisk } from './shared.ts';

export interface ReaderParts {
  readonly clock: Clock;
  /** Objects a page. */
  readonly pageObjects?: number;
}

export interface VsphereReader extends PlacementReader {
  /** 'SHA256:AB:CD:…': the certificate that the server showed. */
  readonly certificate: string;
  /** Nobody checked it. */
  readonly unchecked: boolean;
  /** Every VM that the login sees: by name, or by path where two have the same. */
  vmNames(limit: Deadline): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Logs in to a vCenter or an ESXi host of its own; `close` logs out. */
export async function placementReader(
  settings: ConnectionSettings,
  { environment, ...parts }: ReaderParts & { readonly environment: Environment },
  limit: Deadline,
): Promise<VsphereReader> {
  const vsphere = await connectVsphere(connectionOf(settings, environment), limit);
  const login = async (): Promise<Vsphere> => vsphere;
  return {
    ...readerOf(login, parts),
    certificate: vsphere.certificate,
    unchecked: vsphere.unchecked !== undefined,
    async vmNames(budget) {
      const names = collectNames();
      await vsphere.loggedIn(
        () => readEverywhere(vsphere, NAME_WANTED, names.receive, budget, parts.pageObjects),
        budget,
      );
      return names.vms().map(({ ref }) => names.nameOf(ref));
    },
    close: () => vsphere.close(),
  };
}

/** Reads over a login that others share, and that it neither begins nor ends. */
export function readerOf(login: (limit: Deadline) => Promise<Vsphere>, parts: ReaderParts): PlacementReader {
  const inSession = async <T>(work: (session: Session) => Promise<T>, limit: Deadline): Promise<T> => {
    const vsphere = await login(limit);
    const session = {
      vsphere,
      clock: parts.clock,
      pageObjects: parts.pageObjects ?? PAGE_OBJECTS,
      creators: new Map(),
    };
    return vsphere.loggedIn(() => work(session), limit);
  };
  return {
    read: (vms, limit) => inSession((session) => readPlacement(session, vms, limit), limit),
    disturbances: (refs, sinceMs, limit) =>
      inSession((session) => readDisturbances(session, refs.filter(isRef), sinceMs, limit), limit),
  };
}

/** For what the settings leave out: GOVC_URL and its like. */
type Environment = Readonly<Record<string, string | undefined>>;

interface Session {
  readonly vsphere: Vsphere;
  readonly clock: Clock;
  readonly pageObjects: number;
  /** By VMware snapshot: a run reads its placement three times. */
  readonly creators: Map<Ref, string | undefined>;
}

/** Whoever answers at that address is given the password: that is said on every run, not only where it was written. */
function uncheckedFindings({ host, certificate, unchecked }: Vsphere): readonly Finding[] {
  if (unchecked === undefined) return [];
  return [
    {
      code: 'vsphere.unchecked-certificate',
      severity: 'warning',
      subject: 'vSphere',
      message: `the certificate of ${host} is not checked (${unchecked}): anybody between here and there can read the password`,
      hint: `Compare the fingerprint with the server's own console, then write\n  vsphere:\n    tls: { fingerprint: "${certificate}" }`,
    },
  ];
}

async function readPlacement(
  session: Session,
  members: readonly { readonly vm: VmName; readonly wanted: string }[],
  limit: Deadline,
): Promise<Placement> {
  const { vsphere, clock } = session;
  const takenAt = clock.date();
  const names = collectNames();
  await readEverywhere(vsphere, NAME_WANTED, names.receive, limit, session.pageObjects);
  const { selected, findings } = select(members, names.vms(), names.unreadable());
  const group = new Map(selected.map(({ vm, named }) => [named.ref, vm]));

  const machines = await readMachines(session, [...group.keys()], names, limit);
  const datastores = await readDatastores(session, machines, limit);
  const hosts = await readHosts(session, machines, datastores, limit);
  const shared = await readPartners(session, sharedDisks(machines, group), names, group, limit);
  const recent = [...machines.values()].flatMap((machine) => machine.recentTasks);
  const tasks = await diskTasks(vsphere, recent, new Set(machines.keys()), limit);

  const { fullName, instanceUuid } = vsphere.about;
  return placementOf({
    takenAt,
    source: instanceUuid === undefined ? fullName : `${fullName} (${instanceUuid})`,
    selected,
    machines,
    datastores,
    hosts,
    nameOf: names.nameOf,
    tasks,
    creators: await readCreators(vsphere, machines.values(), session.creators, limit),
    findings: [...uncheckedFindings(vsphere), ...findings, ...shared],
  });
}

async function readMachines(
  { vsphere, pageObjects }: Session,
  refs: readonly Ref[],
  names: Names,
  limit: Deadline,
): Promise<ReadonlyMap<Ref, VirtualMachine>> {
  const machines = new Map<Ref, VirtualMachine>();
  const all = insisting(vsphere);
  const receive = (found: Found): void => {
    const whole = isGone(found) ? undefined : all.whole(found, `VM ${names.nameOf(found.ref)}`);
    if (whole !== undefined) machines.set(found.ref, virtualMachine(whole));
  };
  await readThese(vsphere, { type: 'VirtualMachine', paths: VM_PATHS }, refs, receive, limit, pageObjects);
  all.done();
  return machines;
}

/** Also those of a chain's far end: a linked clone's parent may lie where the VM itself has nothing. */
async function readDatastores(
  { vsphere, pageObjects }: Session,
  machines: ReadonlyMap<Ref, VirtualMachine>,
  limit: Deadline,
): Promise<readonly Datastore[]> {
  const refs = new Set<Ref>();
  for (const machine of machines.values()) {
    for (const ref of machine.datastores) refs.add(ref);
    for (const disk of machine.config?.disks ?? []) {
      for (const link of chainOf(disk.backing)) if (link.datastore !== undefined) refs.add(link.datastore);
    }
  }
  const datastores: Datastore[] = [];
  const all = insisting(vsphere);
  const receive = (found: Found): void => {
    const name = `datastore ${found.values.get('name')?.text ?? found.ref}`;
    const whole = isGone(found) ? undefined : all.whole(found, name);
    if (whole !== undefined) datastores.push(datastore(whole));
  };
  await readThese(vsphere, { type: 'Datastore', paths: DATASTORE_PATHS }, [...refs], receive, limit, pageObjects);
  all.done();
  return datastores;
}

/**
 * The LUNs of the hosts that the VMs run on, where a raw disk or an NVMe extent asks for them; of all hosts, where those
 * did not tell what a raw disk maps. Everywhere else just the hosts' names.
 */
async function readHosts(
  session: Session,
  machines: ReadonlyMap<Ref, VirtualMachine>,
  datastores: readonly Datastore[],
  limit: Deadline,
): Promise<ReadonlyMap<Ref, SeenHost>> {
  const { vsphere, pageObjects } = session;
  const raw = [...machines.values()].flatMap((machine) =>
    (machine.config?.disks ?? []).flatMap((disk) => chainOf(disk.backing).flatMap((link) => link.lunUuid ?? [])),
  );
  const t10 = datastores.some(({ lies }) => lies.on === 'vmfs' && lies.extents.some((name) => name.startsWith('t10.')));
  const paths = raw.length > 0 || t10 ? HOST_PATHS : ['name'];
  const refs = new Set([...machines.values()].flatMap((machine) => machine.host ?? []));
  const hosts = new Map<Ref, SeenHost>();
  const all = insisting(vsphere);
  const receive = (found: Found): void => {
    if (isGone(found)) return;
    const name = `host ${found.values.get('name')?.text ?? found.ref}`;
    // A host's name alone is only for messages: a login that sees no hosts can do without.
    const seen = paths === HOST_PATHS ? all.whole(found, name) : found;
    if (seen !== undefined) hosts.set(found.ref, seenHost(seen));
  };
  await readThese(vsphere, { type: 'HostSystem', paths }, [...refs], receive, limit, pageObjects);
  all.done();
  const luns = [...hosts.values()].map((one) => one.luns);
  if (raw.every((lunUuid) => identifyLun(lunUuid, luns).kind !== 'unknown')) return hosts;
  const collect = (found: Found): void => {
    if (!refs.has(found.ref)) hosts.set(found.ref, seenHost(found));
  };
  await readEverywhere(vsphere, [{ type: 'HostSystem', paths: HOST_PATHS }], collect, limit, pageObjects);
  return hosts;
}

interface SeenHost {
  readonly name: string;
  readonly luns: HostLuns;
}

function seenHost(found: Found): SeenHost {
  const { name, luns } = host(found);
  return { name, luns: hostLuns(luns) };
}

function sharedDisks(
  machines: ReadonlyMap<Ref, VirtualMachine>,
  group: ReadonlyMap<Ref, VmName>,
): readonly SharedDisk[] {
  return [...machines.values()].flatMap(({ ref, config }) =>
    (config?.disks ?? []).flatMap((disk) => {
      const controller = config?.controllers.find((one) => one.key === disk.controllerKey);
      const bus = controller !== undefined && controller.sharing !== 'none';
      if (!disk.backing.multiWriter && !bus) return [];
      const address = addressOf(disk, controller) ?? disk.label;
      const how = disk.backing.multiWriter ? ('multi-writer' as const) : ('bus' as const);
      return [{ vm: group.get(ref) ?? ref, ref, address, how, disk }];
    }),
  );
}

/** The devices of every VM stream by, once, and only if somebody shares: they are most of an inventory's bytes. */
async function readPartners(
  { vsphere, pageObjects }: Session,
  shared: readonly SharedDisk[],
  names: Names,
  group: ReadonlyMap<Ref, VmName>,
  limit: Deadline,
): Promise<readonly Finding[]> {
  if (shared.length === 0) return [];
  const partners = partnersOf(shared);
  const receive = (found: Found): void => {
    insistOnAll(found, `VM ${names.nameOf(found.ref)}`, vsphere);
    const devices = found.values.get('config.hardware.device');
    if (devices !== undefined) partners.see(found.ref, virtualDisks(devices));
  };
  const wanted = [{ type: 'VirtualMachine', paths: ['config.hardware.device'] }];
  await readEverywhere(vsphere, wanted, receive, limit, pageObjects);
  return partners.findings(names.nameOf, group);
}

async function readDisturbances(
  { vsphere, clock }: Session,
  vms: readonly Ref[],
  sinceMs: number,
  limit: Deadline,
): Promise<readonly Finding[]> {
  const tasks = await recentDiskTasks(vsphere, vms, limit);
  if (tasks.length === 0) return [];
  // Tasks are stamped by the server's clock. Ours is asked after it: an answer that takes long only looks further back.
  const serverNow = await currentTime(vsphere, limit);
  const since = new Date(serverNow.getTime() - (clock.now() - sinceMs));
  const called = new Map<Ref, string>();
  const receive = (found: Found): void => {
    called.set(found.ref, found.values.get('name')?.text ?? found.ref);
  };
  const wanted = { type: 'VirtualMachine', paths: ['name'] };
  await readThese(vsphere, wanted, [...new Set(tasks.map((task) => task.entity))], receive, limit);
  const nameOf = (entity: Ref): string => called.get(entity) ?? entity;
  return disturbancesSince(tasks, since, (task) => nameOf(task.entity));
}

function isRef(text: string): text is Ref {
  return text.includes(':');
}
