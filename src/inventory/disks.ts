import { defined } from '../base/defined.ts';
import type { DeviceKey, DiskKind, DiskPlacement, Finding, VmName } from '../model.ts';
import type { Controller, DiskBacking, VirtualDisk } from '../vsphere/virtual-disk.ts';
import type { VmConfig } from '../vsphere/virtual-machine.ts';
import { hostLocal, type ResolvedDatastore, unidentified } from './datastores.ts';
import { doubtful, refused } from './finding.ts';
import { type HostLuns, identifyLun } from './luns.ts';

/** Datastores by MoRef or by name: a file is '[name] path', and the reference beside it may be absent. */
export interface DatastoreLookup {
  of(file: string | undefined, ref: string | undefined): ResolvedDatastore | undefined;
}

export interface ResolvedDisk {
  /** Absent: it cannot be covered, and `findings` say why. */
  readonly placement?: DiskPlacement;
  readonly findings: readonly Finding[];
}

/** Every virtual disk of a VM, on every kind of controller, as devices. */
export function resolveDisks(
  vm: VmName,
  config: VmConfig,
  datastores: DatastoreLookup,
  hosts: readonly HostLuns[],
): readonly ResolvedDisk[] {
  return config.disks.map((disk) => {
    const controller = config.controllers.find((candidate) => candidate.key === disk.controllerKey);
    const address = addressOf(disk, controller);
    const subject = `${vm} ${address ?? disk.label}`;
    if (address === undefined) return { findings: [unaddressed(subject, controller)] };
    return resolveDisk({ subject, address, disk, controller, datastores, hosts });
  });
}

/** 'scsi0:1'. Undefined on a controller of a kind that is not known here. */
export function addressOf(disk: VirtualDisk, controller: Controller | undefined): string | undefined {
  if (controller?.bus === undefined || disk.unit === undefined) return undefined;
  return `${controller.bus}${controller.number}:${disk.unit}`;
}

/** The running file first, the base last. */
export function chainOf(backing: DiskBacking): readonly DiskBacking[] {
  const chain: DiskBacking[] = [];
  for (let link: DiskBacking | undefined = backing; link !== undefined; link = link.parent) chain.push(link);
  return chain;
}

interface Question {
  readonly subject: string;
  readonly address: string;
  readonly disk: VirtualDisk;
  readonly controller: Controller | undefined;
  readonly datastores: DatastoreLookup;
  /** Its own host first. */
  readonly hosts: readonly HostLuns[];
}

function resolveDisk(question: Question): ResolvedDisk {
  const { subject, disk, datastores, hosts } = question;
  const chain = chainOf(disk.backing);
  const files: Files = { data: new Set(), metadata: new Set(), kind: undefined, findings: [] };
  const raw = disk.backing.lunUuid !== undefined || disk.backing.compatibilityMode !== undefined;
  for (const [index, link] of chain.entries()) {
    const unsupported = unsupportedBacking(subject, link);
    if (unsupported !== undefined) return { findings: [unsupported] };
    // What the guest writes to a raw disk that runs on a delta lies in the delta; the last link only names the LUN.
    const into = raw && index === chain.length - 1 ? files.metadata : files.data;
    addFile(question, link, into, files, datastores);
  }
  if (files.findings.length > 0) return { findings: files.findings };
  const mode = modeFindings(subject, disk.backing);
  if (!raw) {
    const kind: DiskKind = files.kind ?? 'vmfs';
    return { placement: placed(question, kind, [...files.data], []), findings: mode };
  }
  const kind = disk.backing.compatibilityMode === 'physicalMode' ? 'rdm-physical' : 'rdm-virtual';
  const lun = identifyLun(chain.at(-1)?.lunUuid ?? disk.backing.lunUuid, hosts);
  if (lun.kind === 'path') return { findings: [hostLocal(subject, lun.name)] };
  if (lun.kind === 'unknown') return { findings: [unidentified(subject, lun.why)] };
  const data = [...new Set([lun.key, ...files.data])];
  const placement = placed(question, kind, data, [...files.metadata]);
  return { placement, findings: lun.seen ? mode : [...mode, unseen(subject, lun.key)] };
}

interface Files {
  readonly data: Set<DeviceKey>;
  readonly metadata: Set<DeviceKey>;
  kind: DiskKind | undefined;
  readonly findings: Finding[];
}

function addFile(
  { subject }: Question,
  link: DiskBacking,
  into: Set<DeviceKey>,
  files: Files,
  datastores: DatastoreLookup,
): void {
  const datastore = datastores.of(link.file, link.datastore);
  if (datastore === undefined) {
    files.findings.push(
      refused(
        'datastore-unknown',
        subject,
        `its file ${link.file ?? '(untold)'} lies on a datastore that vSphere does not show`,
        'Give the login the role Read-only on that datastore.',
      ),
    );
    return;
  }
  if (datastore.placement === undefined) {
    for (const finding of datastore.findings) {
      files.findings.push({ ...finding, subject, message: `on ${finding.subject}: ${finding.message}` });
    }
    return;
  }
  files.kind ??= datastore.placement.kind;
  for (const device of datastore.placement.devices) into.add(device);
}

function placed(
  { address, disk, controller }: Question,
  kind: DiskKind,
  data: readonly DeviceKey[],
  metadata: readonly DeviceKey[],
): DiskPlacement {
  const { backing } = disk;
  const shared = controller !== undefined && controller.sharing !== 'none';
  return {
    address,
    key: disk.key,
    label: disk.label,
    kind,
    sizeBytes: disk.sizeBytes,
    // A physical raw disk shows the guest the array's own serial: vSphere's uuid of the mapping means nothing there.
    ...(backing.uuid === undefined || kind === 'rdm-physical' ? {} : { uuid: backing.uuid.toLowerCase() }),
    ...defined({ diskMode: backing.diskMode }),
    sharing: backing.multiWriter ? 'multi-writer' : shared ? 'bus' : 'none',
    files: chainOf(backing).flatMap((link) => link.file ?? []),
    data,
    metadata,
  };
}

const KNOWN_BACKINGS: ReadonlySet<string> = new Set([
  'VirtualDiskFlatVer2BackingInfo',
  'VirtualDiskSeSparseBackingInfo',
  'VirtualDiskRawDiskMappingVer1BackingInfo',
]);

function unsupportedBacking(subject: string, link: DiskBacking): Finding | undefined {
  if (link.xsiType === 'VirtualDiskLocalPMemBackingInfo') {
    const advice = 'Move the disk to VMFS or NFS on an array, or exclude it.';
    return refused('pmem', subject, 'it is persistent memory inside a host', advice);
  }
  if (KNOWN_BACKINGS.has(link.xsiType)) return undefined;
  return refused(
    'backing-unknown',
    subject,
    `its backing is ${link.xsiType === '' ? 'untold' : link.xsiType}, which cannot be followed to an array`,
    'Exclude the disk, or move it to VMFS, NFS or a raw device mapping.',
  );
}

function modeFindings(subject: string, { diskMode }: DiskBacking): readonly Finding[] {
  if (diskMode !== 'nonpersistent' && diskMode !== 'independent_nonpersistent' && diskMode !== 'undoable') return [];
  const message = `its mode is ${diskMode}: what the guest writes is thrown away at power-off, and no restore brings it back`;
  return [doubtful('disk-nonpersistent', subject, message, 'Make the disk persistent, or exclude it.')];
}

function unaddressed(subject: string, controller: Controller | undefined): Finding {
  const on = controller === undefined ? 'no controller that vSphere tells' : `a ${controller.xsiType}`;
  return refused(
    'controller-unknown',
    subject,
    `it hangs on ${on}`,
    'Move it to a SCSI, NVMe, SATA or IDE controller.',
  );
}

function unseen(subject: string, key: DeviceKey): Finding {
  return doubtful(
    'lun-unseen',
    subject,
    `its raw device ${key} is not seen by the VM's host; the name was taken from the mapping`,
    'Check the LUN masking: a VM whose LUN is hidden cannot be started.',
  );
}
