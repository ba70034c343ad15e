import { asRef, child, children, flag, integer, items, type Ref, refs, text } from './element.ts';
import type { Found } from './properties.ts';
import type { Element } from './xml.ts';

/** Enough to find a VM by any of its names; asked of all of them. */
export const VM_NAME_PATHS = ['name', 'parent', 'parentVApp', 'config.instanceUuid', 'config.uuid'] as const;

/** What a plan stands on; asked only of a group's VMs, because devices are most of an inventory's bytes. */
export const VM_PATHS = [
  'name',
  'config.template',
  'config.uuid',
  'config.instanceUuid',
  'config.changeVersion',
  'config.guestId',
  'config.files.vmPathName',
  'config.hardware.device',
  'config.keyId',
  'datastore',
  'snapshot',
  'runtime.powerState',
  'runtime.connectionState',
  'runtime.host',
  'runtime.consolidationNeeded',
  'runtime.question',
  'runtime.faultToleranceState',
  'guest.guestFamily',
  'recentTask',
] as const;

type PowerState = 'poweredOn' | 'poweredOff' | 'suspended';

export interface VirtualMachine {
  readonly ref: Ref;
  /** Absent: the host cannot reach the VM's files, and vSphere tells no configuration at all. */
  readonly config?: VmConfig;
  readonly powerState: PowerState;
  /** 'connected', 'disconnected', 'orphaned', 'inaccessible', 'invalid' */
  readonly connectionState: string;
  readonly host?: Ref;
  readonly datastores: readonly Ref[];
  /** Oldest first, each before its children. */
  readonly snapshots: readonly VmSnapshot[];
  readonly consolidationNeeded: boolean;
  /** The text of a question that waits for an answer. */
  readonly question?: string;
  /** 'notConfigured', 'running', … */
  readonly faultTolerance: string;
  /** What VMware Tools say: 'linuxGuest'. */
  readonly guestFamily?: string;
  readonly recentTasks: readonly Ref[];
}

export interface VmConfig {
  readonly template: boolean;
  readonly biosUuid: string;
  readonly instanceUuid: string;
  /** Opaque; compare for equality only. */
  readonly changeVersion: string;
  readonly guestId: string;
  /** '[datastore] dir/name.vmx' */
  readonly vmx: string;
  /** Its home is encrypted, or it has a virtual TPM, which implies that. */
  readonly encrypted: boolean;
  readonly controllers: readonly Controller[];
  readonly disks: readonly VirtualDisk[];
}

export interface VmSnapshot {
  readonly ref: Ref;
  readonly name: string;
  readonly description: string;
  /** ISO 8601, as the server writes it. */
  readonly createdAt: string;
  readonly quiesced: boolean;
}

type Bus = 'scsi' | 'nvme' | 'sata' | 'ide';

export interface Controller {
  readonly key: number;
  /** Absent: a kind that is not known here. */
  readonly bus?: Bus;
  readonly number: number;
  readonly xsiType: string;
  readonly sharing: 'none' | 'virtual' | 'physical';
}

export interface VirtualDisk {
  readonly key: number;
  readonly label: string;
  readonly controllerKey?: number;
  readonly unit?: number;
  readonly sizeBytes: bigint;
  readonly backing: DiskBacking;
}

/** One link of a disk's chain; `parent` is the one it is a delta of. */
export interface DiskBacking {
  /** 'VirtualDiskFlatVer2BackingInfo' */
  readonly xsiType: string;
  readonly file?: string;
  readonly datastore?: Ref;
  readonly diskMode?: string;
  readonly uuid?: string;
  readonly multiWriter: boolean;
  readonly encrypted: boolean;
  readonly lunUuid?: string;
  /** 'physicalMode' or 'virtualMode' of a raw disk. */
  readonly compatibilityMode?: string;
  /** The object behind it, on vVol and vSAN. */
  readonly objectId?: string;
  readonly parent?: DiskBacking;
}

export function virtualMachine({ ref: self, values }: Found): VirtualMachine {
  const host = asRef(values.get('runtime.host'));
  const question = text(values.get('runtime.question'), 'text');
  const guestFamily = values.get('guest.guestFamily')?.text;
  const config = configOf(values);
  return {
    ref: self,
    ...(config === undefined ? {} : { config }),
    powerState: powerState(values.get('runtime.powerState')?.text),
    connectionState: values.get('runtime.connectionState')?.text ?? 'connected',
    ...(host === undefined ? {} : { host }),
    datastores: refs(values.get('datastore')),
    snapshots: children(values.get('snapshot'), 'rootSnapshotList').flatMap(snapshotTree),
    consolidationNeeded: values.get('runtime.consolidationNeeded')?.text === 'true',
    ...(question === undefined ? {} : { question }),
    faultTolerance: values.get('runtime.faultToleranceState')?.text ?? 'notConfigured',
    ...(guestFamily === undefined || guestFamily === '' ? {} : { guestFamily }),
    recentTasks: refs(values.get('recentTask')),
  };
}

function powerState(value: string | undefined): PowerState {
  return value === 'poweredOn' || value === 'suspended' ? value : 'poweredOff';
}

function configOf(values: ReadonlyMap<string, Element>): VmConfig | undefined {
  const devices = values.get('config.hardware.device');
  const vmx = values.get('config.files.vmPathName')?.text;
  if (devices === undefined || vmx === undefined) return undefined;
  return {
    template: values.get('config.template')?.text === 'true',
    biosUuid: values.get('config.uuid')?.text.toLowerCase() ?? '',
    instanceUuid: values.get('config.instanceUuid')?.text.toLowerCase() ?? '',
    changeVersion: values.get('config.changeVersion')?.text ?? '',
    guestId: values.get('config.guestId')?.text ?? '',
    vmx,
    encrypted: values.has('config.keyId') || items(devices).some((device) => device.xsiType === 'VirtualTPM'),
    controllers: controllers(devices),
    disks: virtualDisks(devices),
  };
}

function snapshotTree(node: Element): readonly VmSnapshot[] {
  const self = asRef(child(node, 'snapshot'));
  const below = children(node, 'childSnapshotList').flatMap(snapshotTree);
  if (self === undefined) return below;
  const snapshot: VmSnapshot = {
    ref: self,
    name: text(node, 'name') ?? '',
    description: text(node, 'description') ?? '',
    createdAt: text(node, 'createTime') ?? '',
    quiesced: flag(node, 'quiesced'),
  };
  return [snapshot, ...below];
}

/** Classes of controllers that disks hang on; a new one of these families ends in the same word. */
const BUSES: readonly (readonly [RegExp, Bus])[] = [
  [/SCSI|LsiLogic|BusLogic/, 'scsi'],
  [/NVME/i, 'nvme'],
  [/SATA|AHCI/, 'sata'],
  [/IDE/, 'ide'],
];

function controllers(devices: Element): readonly Controller[] {
  return items(devices).flatMap((device) => {
    const xsiType = device.xsiType ?? '';
    const key = integer(device, 'key');
    const number = integer(device, 'busNumber');
    if (key === undefined || number === undefined || !xsiType.endsWith('Controller')) return [];
    const bus = BUSES.find(([pattern]) => pattern.test(xsiType))?.[1];
    return [{ key, number, xsiType, sharing: busSharing(device), ...(bus === undefined ? {} : { bus }) }];
  });
}

/** SCSI says `sharedBus: physicalSharing`, NVMe (8.0.2 and later) the same words in the same field. */
function busSharing(device: Element): Controller['sharing'] {
  const value = text(device, 'sharedBus');
  if (value === 'virtualSharing') return 'virtual';
  return value === 'physicalSharing' ? 'physical' : 'none';
}

/** Every VirtualDisk of a `config.hardware.device`, in its order. */
export function virtualDisks(devices: Element): readonly VirtualDisk[] {
  return items(devices)
    .filter((device) => device.xsiType === 'VirtualDisk')
    .map((device) => {
      const controllerKey = integer(device, 'controllerKey');
      const unit = integer(device, 'unitNumber');
      const key = integer(device, 'key') ?? -1;
      return {
        key,
        label: text(device, 'deviceInfo', 'label') ?? `disk ${key}`,
        ...(controllerKey === undefined ? {} : { controllerKey }),
        ...(unit === undefined ? {} : { unit }),
        sizeBytes: size(device),
        backing: backing(child(device, 'backing')),
      };
    });
}

function size(device: Element): bigint {
  const bytes = text(device, 'capacityInBytes');
  if (bytes !== undefined && /^\d+$/.test(bytes)) return BigInt(bytes);
  const kibibytes = text(device, 'capacityInKB');
  return kibibytes !== undefined && /^\d+$/.test(kibibytes) ? BigInt(kibibytes) * 1024n : 0n;
}

/** A parent is of its child's class, so a server need not name it. */
function backing(element: Element | undefined, childType = ''): DiskBacking {
  const xsiType = element?.xsiType ?? childType;
  const parent = child(element, 'parent');
  const datastore = asRef(child(element, 'datastore'));
  const optional = {
    file: text(element, 'fileName'),
    diskMode: text(element, 'diskMode'),
    uuid: text(element, 'uuid'),
    lunUuid: text(element, 'lunUuid'),
    compatibilityMode: text(element, 'compatibilityMode'),
    objectId: text(element, 'backingObjectId'),
  };
  return {
    xsiType,
    ...set(optional),
    ...(datastore === undefined ? {} : { datastore }),
    multiWriter: text(element, 'sharing') === 'sharingMultiWriter',
    encrypted: child(element, 'keyId') !== undefined,
    ...(parent === undefined ? {} : { parent: backing(parent, xsiType) }),
  };
}

/** Without what is absent or empty. */
function set<Key extends string>(values: Readonly<Record<Key, string | undefined>>): { readonly [K in Key]?: string } {
  const present: { [K in Key]?: string } = {};
  for (const key in values) {
    const value = values[key];
    if (value !== undefined && value !== '') present[key] = value;
  }
  return present;
}
