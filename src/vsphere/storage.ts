import { defined } from '../base/defined.ts';
import { child, children, flag, items, type Ref, refs, text } from './element.ts';
import type { Found } from './properties.ts';

export const DATASTORE_PATHS = ['name', 'info', 'summary.type', 'summary.accessible', 'vm'] as const;

export interface Datastore {
  readonly ref: Ref;
  readonly name: string;
  readonly accessible: boolean;
  readonly lies: Lies;
  /** Every VM that has a file on it. */
  readonly vms: readonly Ref[];
}

type Lies =
  /** Canonical names of all extents, in order; empty where the volume cannot be read. `sizeBytes`: of the file system. */
  | { readonly on: 'vmfs'; readonly extents: readonly string[]; readonly local: boolean; readonly sizeBytes?: bigint }
  /** The servers are all names of one export; the first is the one mounted. */
  | { readonly on: 'nfs'; readonly servers: readonly string[]; readonly path: string }
  /** What no array's snapshot can express: 'vsan', 'VVOL', 'PMEM', … as vSphere writes it. */
  | { readonly on: 'other'; readonly type: string };

export function datastore({ ref: self, values }: Found): Datastore {
  return {
    ref: self,
    name: values.get('name')?.text ?? self,
    accessible: values.get('summary.accessible')?.text !== 'false',
    lies: lies(values),
    vms: refs(values.get('vm')),
  };
}

function lies(values: Found['values']): Lies {
  const info = values.get('info');
  const vmfs = child(info, 'vmfs');
  const nas = child(info, 'nas');
  const type = values.get('summary.type')?.text ?? info?.xsiType ?? 'unknown';
  if (info?.xsiType === 'VmfsDatastoreInfo') {
    const extents = children(vmfs, 'extent').flatMap((extent) => text(extent, 'diskName') ?? []);
    const capacity = text(vmfs, 'capacity');
    const sizeBytes = capacity !== undefined && /^\d{1,19}$/.test(capacity) ? BigInt(capacity) : undefined;
    return { on: 'vmfs', extents, local: flag(vmfs, 'local'), ...defined({ sizeBytes }) };
  }
  if (info?.xsiType === 'NasDatastoreInfo' && /^nfs/i.test(text(nas, 'type') ?? type)) {
    const names = [text(nas, 'remoteHost') ?? '', ...children(nas, 'remoteHostNames').map((name) => name.text)].filter(
      (name) => name !== '',
    );
    return { on: 'nfs', servers: [...new Set(names)], path: text(nas, 'remotePath') ?? '' };
  }
  return { on: 'other', type };
}

export const HOST_PATHS = ['name', 'config.storageDevice.scsiLun'] as const;

/** A LUN as one host sees it. */
export interface ScsiLun {
  /** 'naa.…', 'eui.…', 't10.…', 'mpx.…' */
  readonly canonicalName: string;
  /** The same family as a raw disk's lunUuid. */
  readonly uuid: string;
  /** Its other names, best first. */
  readonly descriptors: readonly string[];
}

export interface Host {
  readonly ref: Ref;
  readonly name: string;
  readonly luns: readonly ScsiLun[];
}

export function host({ ref: self, values }: Found): Host {
  return {
    ref: self,
    name: values.get('name')?.text ?? self,
    luns: items(values.get('config.storageDevice.scsiLun')).map((lun) => ({
      canonicalName: text(lun, 'canonicalName') ?? '',
      uuid: text(lun, 'uuid') ?? '',
      descriptors: children(lun, 'descriptor').flatMap((descriptor) => text(descriptor, 'id') ?? []),
    })),
  };
}
