import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import type { Vsphere } from './client.ts';
import { asRef, child, children, flag, integer, type Ref, text } from './element.ts';
import { NO_METHOD } from './faults.ts';
import { type Found, insistOnAll, readThese } from './properties.ts';
import { runTask } from './run-task.ts';
import { branch, type Element, leaf } from './xml.ts';

/** A snapshot of a VM as vSphere lists it. */
export interface VmSnapshotNode {
  readonly ref: Ref;
  /** Unique in this VM and stable, also after the VM is registered anew; a reference is not. */
  readonly id: number;
  readonly name: string;
  readonly description: string;
  /** ISO 8601, the server's clock. */
  readonly createdAt: string;
  /** The guest was quiesced for it. A request to quiesce is no proof: vSphere drops it without a word (facts B.1). */
  readonly quiesced: boolean;
  /** Path of the manifest that VMware Tools wrote; absent: none. */
  readonly backupManifest?: string;
  /** How many snapshots it stands on. */
  readonly depth: number;
}

export interface SnapshotWish {
  readonly name: string;
  readonly description: string;
  /** `windows`: VSS with an application backup of type copy, which truncates no logs. */
  readonly guest: 'windows' | 'other';
}

/**
 * Takes a quiesced snapshot of the disks, without memory. By CreateSnapshotEx_Task where the API has it (6.5), because
 * only that one takes a time limit and the VSS settings.
 *
 * @returns the reference of the new snapshot
 * @throws TaskFault
 */
export async function createSnapshot(
  vsphere: Vsphere,
  clock: Clock,
  vm: Ref,
  wish: SnapshotWish,
  limit: Deadline,
): Promise<Ref> {
  const made = asRef(
    (await extended(vsphere, clock, vm, wish, limit)) ?? (await plain(vsphere, clock, vm, wish, limit)),
  );
  if (made !== undefined) return made;
  throw new Fault({ code: 'vsphere.malformed', message: `${vsphere.host}: the task answered no snapshot` });
}

/** undefined: the server does not have it, so that nothing was done. */
async function extended(
  vsphere: Vsphere,
  clock: Clock,
  vm: Ref,
  wish: SnapshotWish,
  limit: Deadline,
): Promise<Element | undefined> {
  if (!hasExtended(vsphere.version)) return undefined;
  const args = [...argumentsOf(wish), quiesceSpec(wish.guest)];
  try {
    return await runTask(vsphere, clock, vm, 'CreateSnapshotEx_Task', args, limit);
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code === NO_METHOD) return undefined;
    throw thrown;
  }
}

function plain(
  vsphere: Vsphere,
  clock: Clock,
  vm: Ref,
  wish: SnapshotWish,
  limit: Deadline,
): Promise<Element | undefined> {
  const args = [...argumentsOf(wish), leaf('quiesce', true)];
  return runTask(vsphere, clock, vm, 'CreateSnapshot_Task', args, limit);
}

function argumentsOf({ name, description }: SnapshotWish): readonly string[] {
  return [leaf('name', name), leaf('description', description), leaf('memory', false)];
}

/** The least that the API takes: the snapshot is given up, and the guest thawed, after so many minutes. */
const QUIESCE_MINUTES = 5;
/** VSS_BT_COPY */
const COPY_BACKUP = 5;

function quiesceSpec(guest: SnapshotWish['guest']): string {
  const timeout = leaf('timeout', QUIESCE_MINUTES);
  if (guest === 'other') return branch('quiesceSpec', [timeout], 'VirtualMachineGuestQuiesceSpec');
  const windows = [
    timeout,
    leaf('vssBackupType', COPY_BACKUP),
    leaf('vssBootableSystemState', true),
    leaf('vssPartialFileSupport', false),
    leaf('vssBackupContext', 'ctx_auto'),
  ];
  return branch('quiesceSpec', windows, 'VirtualMachineWindowsQuiesceSpec');
}

function hasExtended(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 5);
}

/**
 * Removes this snapshot and no other: those that stand on it stay, and its delta is merged.
 *
 * @throws TaskFault; Fault `vsphere.gone` where it is not there any more
 */
export async function removeSnapshot(vsphere: Vsphere, clock: Clock, snapshot: Ref, limit: Deadline): Promise<void> {
  const args = [leaf('removeChildren', false), leaf('consolidate', true)];
  await runTask(vsphere, clock, snapshot, 'RemoveSnapshot_Task', args, limit);
}

/** Merges what a removal has left behind. */
export async function consolidate(vsphere: Vsphere, clock: Clock, vm: Ref, limit: Deadline): Promise<void> {
  await runTask(vsphere, clock, vm, 'ConsolidateVMDisks_Task', [], limit);
}

/** All snapshots of a VM, oldest first, and whether disks wait to be consolidated. */
export async function snapshotsOf(
  vsphere: Vsphere,
  vm: Ref,
  limit: Deadline,
): Promise<{ readonly snapshots: readonly VmSnapshotNode[]; readonly consolidationNeeded: boolean }> {
  let snapshots: readonly VmSnapshotNode[] = [];
  let consolidationNeeded = false;
  const receive = (found: Found): void => {
    const { values } = insistOnAll(found, 'VM', vsphere);
    snapshots = children(values.get('snapshot'), 'rootSnapshotList').flatMap((root) => treeOf(root, 0));
    consolidationNeeded = values.get('runtime.consolidationNeeded')?.text === 'true';
  };
  const paths = ['snapshot', 'runtime.consolidationNeeded'];
  await readThese(vsphere, { type: 'VirtualMachine', paths }, [vm], receive, limit);
  return { snapshots, consolidationNeeded };
}

function treeOf(node: Element, depth: number): readonly VmSnapshotNode[] {
  const self = asRef(child(node, 'snapshot'));
  const id = integer(node, 'id');
  const below = children(node, 'childSnapshotList').flatMap((one) => treeOf(one, depth + 1));
  if (self === undefined || id === undefined) return below;
  const backupManifest = text(node, 'backupManifest');
  const snapshot: VmSnapshotNode = {
    ref: self,
    id,
    name: text(node, 'name') ?? '',
    description: text(node, 'description') ?? '',
    createdAt: text(node, 'createTime') ?? '',
    quiesced: flag(node, 'quiesced'),
    ...(backupManifest === undefined || backupManifest === '' ? {} : { backupManifest }),
    depth,
  };
  return [snapshot, ...below];
}
