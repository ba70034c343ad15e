import { type DiskPlacement, diskName, type Finding, type VmPlacement } from '../../model.ts';
import type { VmwareFacts } from './facts.ts';

/** Above this depth vSphere refuses another snapshot. */
const DEEPEST = 32;

/**
 * What stops, or weakens, a quiesced VMware snapshot of this VM. Pure; the table is that of VMware's documentation on
 * snapshots and on application-consistent quiescing.
 */
export function preflight(vm: VmPlacement, facts: VmwareFacts, excluded: ReadonlySet<string>): readonly Finding[] {
  return [
    ...stateFindings(vm, facts),
    ...vm.disks.filter(({ address }) => !excluded.has(address)).flatMap((disk) => diskFindings(vm, disk)),
    ...(facts.guest === 'windows' ? vssFindings(vm, facts) : []),
  ];
}

function stateFindings(vm: VmPlacement, facts: VmwareFacts): readonly Finding[] {
  const refused = (code: string, message: string, hint: string): Finding => ({
    code: `vmware.${code}`,
    severity: 'error',
    subject: vm.vm,
    message,
    hint,
  });
  const findings: Finding[] = [];
  if (vm.powerState !== 'poweredOn') {
    const state = vm.powerState === 'suspended' ? 'suspended' : 'powered off';
    return [
      refused(
        'not-running',
        `the VM is ${state}, so there is no guest to quiesce`,
        'Power it on, or set `quiesce: none`.',
      ),
    ];
  }
  if (facts.tools !== 'guestToolsRunning') {
    findings.push(
      refused(
        'no-tools',
        `VMware Tools are not running in the guest (${facts.tools}), and without them vSphere ignores a request to quiesce`,
        'Start or install VMware Tools (open-vm-tools) in the guest.',
      ),
    );
  }
  if (facts.faultTolerance !== 'notConfigured') {
    findings.push(
      refused(
        'fault-tolerance',
        'Fault Tolerance is configured for the VM, and vSphere takes no snapshots of such VMs',
        'Freeze inside the guest: `quiesce: fsfreeze`.',
      ),
    );
  }
  if (facts.consolidationNeeded) {
    findings.push(
      refused(
        'consolidation-needed',
        'disks of the VM wait to be consolidated after an earlier snapshot',
        'Consolidate them first: Snapshots > Consolidate in the vSphere Client.',
      ),
    );
  }
  if (vm.snapshots.length >= DEEPEST) {
    findings.push(
      refused(
        'too-deep',
        `the VM has ${vm.snapshots.length} snapshots already; vSphere takes no more than ${DEEPEST}`,
        'Remove old snapshots of the VM.',
      ),
    );
  }
  return findings;
}

/** A disk that a VM snapshot leaves out would be missing from the point, or makes vSphere refuse it. */
function diskFindings(vm: VmPlacement, disk: DiskPlacement): readonly Finding[] {
  const refused = (code: string, message: string, hint: string): readonly Finding[] => [
    { code: `vmware.${code}`, severity: 'error', subject: diskName({ vm: vm.vm, disk: disk.address }), message, hint },
  ];
  if (disk.kind === 'rdm-physical') {
    return refused(
      'physical-rdm',
      'a VMware snapshot does not contain a physical RDM',
      'Freeze inside the guest instead: `quiesce: fsfreeze`, or `exclude` the disk.',
    );
  }
  if (disk.diskMode?.startsWith('independent') === true) {
    return refused(
      'independent-disk',
      `a VMware snapshot does not contain a disk of mode ${disk.diskMode}`,
      'Freeze inside the guest (`quiesce: fsfreeze`), `exclude` the disk, or change its mode to dependent.',
    );
  }
  if (disk.sharing !== 'none') {
    const how = disk.sharing === 'bus' ? 'on a controller with bus sharing' : 'a multi-writer disk';
    return refused(
      'shared-disk',
      `the disk is ${how}; vSphere takes no snapshots of such disks`,
      'Freeze inside the guest: `quiesce: fsfreeze`.',
    );
  }
  return [];
}

/** Slots of a SCSI controller that disks can use; one more is the controller's own. */
const SCSI_SLOTS = 15;

/** VSS adds its snapshot disks to the controllers of the disks. Where it cannot, Windows quiesces file systems only. */
function vssFindings(vm: VmPlacement, facts: VmwareFacts): readonly Finding[] {
  const notes: string[] = [];
  if (!facts.diskUuids) notes.push('disk.EnableUUID is not set on the VM');
  const odd = vm.disks.filter(({ address }) => !address.startsWith('scsi'));
  if (odd.length > 0) notes.push(`${odd.map(({ address }) => address).join(', ')} is not a SCSI disk`);
  const full = facts.controllers.filter(({ bus, devices }) => bus === 'scsi' && devices * 2 > SCSI_SLOTS);
  if (full.length > 0) {
    notes.push(`${full.map(({ number }) => `scsi${number}`).join(', ')} has fewer free slots than disks`);
  }
  if (vm.encrypted) notes.push('the VM is encrypted');
  if (notes.length === 0) return [];
  return [
    {
      code: 'vmware.no-vss-applications',
      severity: 'warning',
      subject: vm.vm,
      message: `VSS cannot quiesce applications of this guest, only its file systems: ${notes.join('; ')}`,
      hint: 'Set disk.EnableUUID = TRUE, use SCSI disks, and leave as many free slots on each controller as it has disks.',
    },
  ];
}
