import { defined } from '../base/defined.ts';
import type { DatastorePlacement, DeviceKey, Finding } from '../model.ts';
import type { Ref } from '../vsphere/element.ts';
import type { Datastore } from '../vsphere/storage.ts';
import { nfsKey } from './device.ts';
import { refused } from './finding.ts';
import { type HostLuns, identifyName } from './luns.ts';
import { decodeName } from './names.ts';

/** A datastore as devices; without `placement`, no array's snapshot can take it, and `findings` say why. */
export interface ResolvedDatastore {
  readonly name: string;
  readonly placement?: DatastorePlacement;
  readonly findings: readonly Finding[];
}

/**
 * @param nameOf the name of a VM, for "also captured"
 * @param hosts what they see: only needed where an extent goes by a t10 name
 */
export function resolveDatastore(
  datastore: Datastore,
  hosts: readonly HostLuns[],
  nameOf: (vm: Ref) => string,
): ResolvedDatastore {
  const subject = `datastore ${decodeName(datastore.name)}`;
  const { lies } = datastore;
  if (!datastore.accessible) return refusal(datastore, inaccessible(subject));
  if (lies.on === 'other') return refusal(datastore, notOnAnArray(subject, lies.type));
  const placed = {
    name: decodeName(datastore.name),
    ref: datastore.ref,
    vms: datastore.vms.map(nameOf).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
  };
  if (lies.on === 'nfs') {
    const [first, ...others] = lies.servers.map((server) => nfsKey(server, lies.path));
    if (first === undefined) return refusal(datastore, unknownExtents(subject));
    const otherNames = others.filter((other) => other !== first);
    const placement = { ...placed, kind: 'nfs' as const, devices: [first] };
    return {
      name: decodeName(datastore.name),
      placement: otherNames.length === 0 ? placement : { ...placement, otherNames },
      findings: [],
    };
  }
  if (lies.extents.length === 0) return refusal(datastore, unknownExtents(subject));
  const devices: DeviceKey[] = [];
  for (const extent of lies.extents) {
    const identified = identifyName(extent, hosts);
    if (identified.kind === 'path') return refusal(datastore, hostLocal(subject, extent));
    if (identified.kind === 'unknown') return refusal(datastore, unidentified(subject, identified.why));
    devices.push(identified.key);
  }
  const { sizeBytes } = lies;
  const placement = { ...placed, kind: 'vmfs' as const, devices, ...defined({ sizeBytes }) };
  return { name: decodeName(datastore.name), placement, findings: [] };
}

function refusal(datastore: Datastore, finding: Finding): ResolvedDatastore {
  return { name: decodeName(datastore.name), findings: [finding] };
}

function inaccessible(subject: string): Finding {
  return refused(
    'datastore-inaccessible',
    subject,
    'no host can reach it',
    'Bring the datastore back, then run again.',
  );
}

function unknownExtents(subject: string): Finding {
  return refused(
    'datastore-unreadable',
    subject,
    'vSphere does not tell what it lies on',
    'Look whether its hosts are connected and its LUNs are there.',
  );
}

export function hostLocal(subject: string, name: string): Finding {
  return refused(
    'local-disk',
    subject,
    `it lies on ${name}, a disk inside one host that no array can take a snapshot of`,
    'Move it to a LUN or an NFS export of an array, or exclude the disk.',
  );
}

export function unidentified(subject: string, why: string): Finding {
  return refused(
    'lun-unidentified',
    subject,
    `its LUN cannot be told: ${why}`,
    'Look at the device in the host’s storage view; make it visible to the VM’s host.',
  );
}

/** Words of `summary.type`, and what they are called. */
function notOnAnArray(subject: string, type: string): Finding {
  const advice = 'Move the disk to VMFS or NFS on an array, or exclude it.';
  switch (type.toLowerCase()) {
    case 'vsan':
    case 'vsand':
      return refused('vsan', subject, 'it is vSAN: its bytes lie on no array', advice);
    case 'vvol':
      return refused('vvol', subject, 'it is vVol: no snapshot of a LUN or an export holds its disks', advice);
    case 'pmem':
      return refused('pmem', subject, 'it is persistent memory inside a host', advice);
    default:
      return refused('datastore-kind', subject, `it is of type ${type}, which is neither VMFS nor NFS`, advice);
  }
}
