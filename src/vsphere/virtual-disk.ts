import { defined } from '../base/defined.ts';
import { asRef, child, integer, items, type Ref, text } from './element.ts';
import type { Element } from './xml.ts';

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

/** Classes of controllers that disks hang on; a new one of these families ends in the same word. */
const BUSES: readonly (readonly [RegExp, Bus])[] = [
  [/SCSI|LsiLogic|BusLogic/, 'scsi'],
  [/NVME/i, 'nvme'],
  [/SATA|AHCI/, 'sata'],
  [/IDE/, 'ide'],
];

/** Everything that disks may hang on. */
export function controllers(devices: Element): readonly Controller[] {
  return items(devices).flatMap((device) => {
    const xsiType = device.xsiType ?? '';
    const key = integer(device, 'key');
    const number = integer(device, 'busNumber');
    if (key === undefined || number === undefined || !xsiType.endsWith('Controller')) return [];
    const bus = BUSES.find(([pattern]) => pattern.test(xsiType))?.[1];
    return [{ key, number, xsiType, sharing: busSharing(device), ...defined({ bus }) }];
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
        ...defined({ controllerKey, unit }),
        sizeBytes: size(device),
        backing: backing(child(device, 'backing')),
      };
    });
}

function size(device: Element): bigint {
  const bytes = text(device, 'capacityInBytes');
  if (bytes !== undefined && /^\d{1,19}$/.test(bytes)) return BigInt(bytes);
  const kibibytes = text(device, 'capacityInKB');
  return kibibytes !== undefined && /^\d{1,16}$/.test(kibibytes) ? BigInt(kibibytes) * 1024n : 0n;
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
    ...defined({ datastore }),
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
