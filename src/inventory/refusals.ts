import type { Finding, VmName } from '../model.ts';
import type { DiskTask } from '../vsphere/tasks.ts';
import type { VirtualMachine, VmConfig, VmSnapshot } from '../vsphere/virtual-machine.ts';
import { doubtful, refused } from './finding.ts';

/** Why this VM cannot be taken as it is, apart from where its disks lie. The codes are what a topology may accept. */
export function refusals(
  vm: VmName,
  machine: VirtualMachine,
  creators: ReadonlyMap<string, string | undefined>,
  tasks: readonly DiskTask[],
): readonly Finding[] {
  const { config } = machine;
  const found: (Finding | undefined)[] = [
    config === undefined ? unset(vm, machine) : disconnected(vm, machine),
    config === undefined ? undefined : template(vm, config),
    config === undefined ? undefined : encrypted(vm, config),
    suspended(vm, machine),
    question(vm, machine),
    faultTolerance(vm, machine),
    consolidation(vm, machine),
    foreignSnapshot(vm, machine, creators),
    ...tasks.map((task) => runningTask(vm, task)),
  ];
  return found.filter((finding) => finding !== undefined);
}

function disconnected(vm: VmName, machine: VirtualMachine): Finding | undefined {
  if (machine.connectionState === 'connected') return undefined;
  const message = `vSphere calls it ${machine.connectionState}: what it says of its disks may be old`;
  return refused('vm-inaccessible', vm, message, 'Reconnect its host, or bring its datastore back.');
}

function unset(vm: VmName, { connectionState }: VirtualMachine): Finding {
  return refused(
    'config-unset',
    vm,
    `vSphere tells no configuration of it (it is ${connectionState}), so its disks are unknown`,
    'The host cannot reach its files: look at its datastore; a login needs Read-only on the VM.',
  );
}

function template(vm: VmName, config: VmConfig): Finding | undefined {
  if (!config.template) return undefined;
  return refused('template', vm, 'it is a template: nothing of it runs or changes', 'Take it out of the topology.');
}

export function isEncrypted(config: VmConfig): boolean {
  return config.encrypted || config.disks.some((disk) => disk.backing.encrypted);
}

function encrypted(vm: VmName, config: VmConfig): Finding | undefined {
  if (!isEncrypted(config)) return undefined;
  return refused(
    'encrypted',
    vm,
    'it is encrypted by VMware: a copy is of use only to a vCenter with its keys',
    `Say that this is known: vms.${vm}.encrypted: accepted.`,
  );
}

function suspended(vm: VmName, machine: VirtualMachine): Finding | undefined {
  if (machine.powerState !== 'suspended') return undefined;
  const message = 'it is suspended: what its guest has not written yet lies in its memory file';
  return refused('suspended', vm, message, 'Resume it, or shut it down.');
}

function question(vm: VmName, machine: VirtualMachine): Finding | undefined {
  if (machine.question === undefined) return undefined;
  const asked = machine.question.replace(/\s+/g, ' ').trim().slice(0, 120);
  return refused('question', vm, `it waits for an answer: ${asked}`, 'Answer it in the vSphere client.');
}

function faultTolerance(vm: VmName, machine: VirtualMachine): Finding | undefined {
  if (machine.faultTolerance === 'notConfigured') return undefined;
  const message = `it is protected by Fault Tolerance (${machine.faultTolerance}): its twin writes to disks of its own`;
  return refused('fault-tolerance', vm, message, 'Turn Fault Tolerance off for it, or take it out of the topology.');
}

function consolidation(vm: VmName, machine: VirtualMachine): Finding | undefined {
  if (!machine.consolidationNeeded) return undefined;
  const message = 'its disks need consolidation: a removed VMware snapshot has left files behind';
  return doubtful('consolidation-needed', vm, message, 'Consolidate its disks in the vSphere client.');
}

/** What the VM runs on now. */
export function newestSnapshot(snapshots: readonly VmSnapshot[]): VmSnapshot | undefined {
  return snapshots.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)).at(-1);
}

function foreignSnapshot(
  vm: VmName,
  machine: VirtualMachine,
  creators: ReadonlyMap<string, string | undefined>,
): Finding | undefined {
  const newest = newestSnapshot(machine.snapshots);
  if (newest === undefined) return undefined;
  const by = creators.get(newest.ref);
  const older = machine.snapshots.length - 1;
  const more = older === 0 ? '' : `, and ${older} older`;
  return refused(
    'vmware-snapshot',
    vm,
    `it runs on a VMware snapshot, "${newest.name}", taken ${newest.createdAt}${by === undefined ? '' : ` by ${by}`}${more}`,
    `Run after the backup job that made it, or remove it; or accept crash at best: vms.${vm}.allow: [vmware-snapshot].`,
  );
}

function runningTask(vm: VmName, task: DiskTask): Finding | undefined {
  if (task.state !== 'running' && task.state !== 'queued') return undefined;
  const by = task.by === undefined ? '' : ` by ${task.by}`;
  const since = task.startedAt === undefined ? '' : `, since ${task.startedAt.toISOString()}`;
  return refused('running-task', vm, `a ${task.kind}${by} is ${task.state}${since}`, 'Wait until it has ended.');
}
