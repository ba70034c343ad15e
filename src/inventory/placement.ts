import { defined } from '../base/defined.ts';
import type { DatastorePlacement, Finding, Placement, VmName, VmPlacement } from '../model.ts';
import type { Ref } from '../vsphere/element.ts';
import type { Datastore } from '../vsphere/storage.ts';
import type { DiskTask } from '../vsphere/tasks.ts';
import type { VirtualMachine, VmConfig } from '../vsphere/virtual-machine.ts';
import { type ResolvedDatastore, resolveDatastore } from './datastores.ts';
import { type DatastoreLookup, type ResolvedDisk, resolveDisks } from './disks.ts';
import { refused } from './finding.ts';
import type { HostLuns } from './luns.ts';
import { decodeName } from './names.ts';
import { isEncrypted, refusals } from './refusals.ts';
import type { Selected } from './select.ts';

/** All that was read of a group; from here on nothing is asked. */
export interface Facts {
  readonly takenAt: Date;
  /** 'VMware vCenter Server 8.0.3 build-24022515 (…uuid)' */
  readonly source: string;
  readonly selected: readonly Selected[];
  readonly machines: ReadonlyMap<Ref, VirtualMachine>;
  readonly datastores: readonly Datastore[];
  /** Names of hosts, and what each of them sees. */
  readonly hosts: ReadonlyMap<Ref, { readonly name: string; readonly luns: HostLuns }>;
  readonly nameOf: (vm: Ref) => string;
  /** Running disk tasks, by VM. */
  readonly tasks: readonly DiskTask[];
  /** Who took a VMware snapshot, where it is known. */
  readonly creators: ReadonlyMap<string, string | undefined>;
  /** From selecting the VMs, and from looking for those who share their disks. */
  readonly findings: readonly Finding[];
}

export function placementOf(facts: Facts): Placement {
  const luns = [...facts.hosts.values()].map((host) => host.luns);
  const datastores = new Map<string, ResolvedDatastore>(
    facts.datastores.map((datastore) => [datastore.ref, resolveDatastore(datastore, luns, facts.nameOf)]),
  );
  const tasks = new Map<Ref, DiskTask[]>(facts.selected.map(({ named }) => [named.ref, []]));
  for (const task of facts.tasks) tasks.get(task.entity)?.push(task);
  const findings: Finding[] = [...facts.findings];
  const vms: VmPlacement[] = [];
  for (const selected of facts.selected) {
    const machine = facts.machines.get(selected.named.ref);
    if (machine === undefined) {
      findings.push(gone(selected.vm));
      continue;
    }
    findings.push(...refusals(selected.vm, machine, facts.creators, tasks.get(machine.ref) ?? []));
    if (machine.config === undefined) continue;
    const lookup = lookupFor(machine, datastores);
    const disks = resolveDisks(selected.vm, machine.config, lookup, ownFirst(machine.host, facts.hosts, luns));
    const home = lookup.of(machine.config.vmx, undefined);
    findings.push(...disks.flatMap((disk) => disk.findings), ...homeFindings(selected.vm, machine.config.vmx, home));
    if (disks.length === 0) findings.push(diskless(selected.vm));
    vms.push(vmPlacement(selected, machine, machine.config, disks, home, facts));
  }
  return {
    takenAt: facts.takenAt.toISOString(),
    source: facts.source,
    vms,
    datastores: placements([...datastores.values()]),
    findings,
  };
}

/** What the VM's own host says comes first: the same LUN may have another number, and so another uuid, elsewhere. */
function ownFirst(host: Ref | undefined, hosts: Facts['hosts'], all: readonly HostLuns[]): readonly HostLuns[] {
  const own = host === undefined ? undefined : hosts.get(host)?.luns;
  return own === undefined ? all : [own, ...all];
}

/** By name only among the VM's own: two datacenters may each have a datastore of that name. */
function lookupFor(machine: VirtualMachine, datastores: ReadonlyMap<string, ResolvedDatastore>): DatastoreLookup {
  const byName = new Map<string, ResolvedDatastore>();
  for (const ref of machine.datastores) {
    const own = datastores.get(ref);
    if (own !== undefined) byName.set(own.name, own);
  }
  const named = (name: string): ResolvedDatastore | undefined => byName.get(name) ?? byName.get(decodeName(name));
  return {
    of: (file, ref) => (ref === undefined ? undefined : datastores.get(ref)) ?? named(datastoreName(file)),
  };
}

/** '[VMFS-BOOT] mail01/mail01.vmx' lies on 'VMFS-BOOT'. */
function datastoreName(file: string | undefined): string {
  return /^\[(.*?)\](?: |$)/.exec(file ?? '')?.[1] ?? '';
}

function placements(resolved: readonly ResolvedDatastore[]): readonly DatastorePlacement[] {
  return resolved
    .flatMap((datastore) => datastore.placement ?? [])
    .toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function vmPlacement(
  { vm, named }: Selected,
  machine: VirtualMachine,
  config: VmConfig,
  disks: readonly ResolvedDisk[],
  home: ResolvedDatastore | undefined,
  facts: Facts,
): VmPlacement {
  const guestFamily = machine.guestFamily ?? familyOf(config.guestId);
  const host = machine.host === undefined ? undefined : facts.hosts.get(machine.host)?.name;
  return {
    vm,
    ref: machine.ref,
    path: named.path,
    instanceUuid: config.instanceUuid,
    biosUuid: config.biosUuid,
    powerState: machine.powerState,
    ...defined({ guestFamily, host }),
    changeVersion: config.changeVersion,
    home: { file: config.vmx, devices: home?.placement?.devices ?? [] },
    disks: disks.flatMap((disk) => disk.placement ?? []),
    snapshots: machine.snapshots.map((snapshot) => {
      const by = facts.creators.get(snapshot.ref);
      return { name: snapshot.name, createdAt: snapshot.createdAt, ...defined({ by }) };
    }),
    encrypted: isEncrypted(config),
  };
}

/** Where VMware Tools do not run, the configured guest says at least whether it is Windows. */
function familyOf(guestId: string): string | undefined {
  return guestId.startsWith('win') ? 'windowsGuest' : undefined;
}

function homeFindings(vm: VmName, file: string, home: ResolvedDatastore | undefined): readonly Finding[] {
  const subject = `${vm} home`;
  if (home === undefined) {
    const message = `its configuration ${file} lies on a datastore that vSphere does not show`;
    return [refused('datastore-unknown', subject, message, 'Give the login the role Read-only on that datastore.')];
  }
  return home.findings.map((finding) => ({
    ...finding,
    subject,
    message: `its configuration, on ${finding.subject}: ${finding.message}`,
  }));
}

function diskless(vm: VmName): Finding {
  return refused('no-disks', vm, 'it has no virtual disk', 'Take it out of the group: there is nothing to snapshot.');
}

function gone(vm: VmName): Finding {
  return refused('vm-gone', vm, 'it was deleted while it was being looked at', 'Run again.');
}
