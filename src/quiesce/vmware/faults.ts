import { Fault } from '../../base/fault.ts';
import { TaskFault } from '../../vsphere/run-task.ts';

/** What a fault of CreateSnapshot means, by its class, and what to do. */
const REASONS: Readonly<Record<string, { readonly code: string; readonly what: string; readonly hint: string }>> = {
  ApplicationQuiesceFault: {
    code: 'vmware.application-quiesce',
    what: 'the guest could not quiesce its applications (a freeze script failed, or a VSS writer did)',
    hint: 'In a Windows guest see `vssadmin list writers` and the event log; in a Linux guest the scripts in /etc/vmware-tools/backupScripts.d.',
  },
  FilesystemQuiesceFault: {
    code: 'vmware.filesystem-quiesce',
    what: 'the guest could not hold its writes long enough for the snapshot',
    hint: 'Run it when the guest writes less, or freeze inside the guest: `quiesce: fsfreeze`.',
  },
  ToolsUnavailable: {
    code: 'vmware.no-tools',
    what: 'VMware Tools do not answer',
    hint: 'Start VMware Tools (open-vm-tools) in the guest.',
  },
  TaskInProgress: {
    code: 'vmware.busy',
    what: 'another task of the VM is going on',
    hint: 'Wait for it to end, then run again.',
  },
  SnapshotDisabled: {
    code: 'vmware.snapshot-disabled',
    what: 'snapshots are disabled for the VM',
    hint: 'Allow them in the settings of the VM, or freeze inside the guest: `quiesce: fsfreeze`.',
  },
  TooManySnapshotLevels: {
    code: 'vmware.too-deep',
    what: 'the VM has too many snapshots on top of each other',
    hint: 'Remove old snapshots of the VM.',
  },
  SnapshotIncompatibleDeviceInVm: {
    code: 'vmware.incompatible-device',
    what: 'a device of the VM allows no snapshots',
    hint: 'See the task in the vSphere Client for which one, or freeze inside the guest: `quiesce: fsfreeze`.',
  },
};

/** The fault of a VM snapshot, in terms of the guest. */
export function snapshotFault(vm: string, thrown: unknown): unknown {
  if (!(thrown instanceof TaskFault)) return thrown;
  const known = REASONS[thrown.kind];
  if (known === undefined) return thrown.of(`guest ${vm}: the VMware snapshot failed`);
  return new Fault({
    code: known.code,
    message: `guest ${vm}: the VMware snapshot failed: ${known.what} (${thrown.kind})`,
    hint: known.hint,
    cause: thrown,
  });
}
