import { createHash } from 'node:crypto';
import type { WorldTable } from '../table.ts';
import type { Ref } from './value.ts';

/** The references of what every vSphere has once; an ESXi host names its own differently. */
export interface FixedRefs {
  readonly root: Ref;
  readonly datacenter: Ref;
  readonly vmFolder: Ref;
  readonly hostFolder: Ref;
  readonly datastoreFolder: Ref;
  readonly networkFolder: Ref;
  readonly compute: Ref;
  readonly pool: Ref;
}

export function fixedRefs(product: WorldTable['about']['product']): FixedRefs {
  const names =
    product === 'vcenter'
      ? ['group-d1', 'datacenter-2', 'group-v3', 'group-h4', 'group-s5', 'group-n6', 'domain-c7', 'resgroup-8']
      : [
          'ha-folder-root',
          'ha-datacenter',
          'ha-folder-vm',
          'ha-folder-host',
          'ha-folder-datastore',
          'ha-folder-network',
          'ha-compute-res',
          'ha-root-pool',
        ];
  const ref = (type: string, index: number): Ref => ({ type, id: names[index] ?? '' });
  return {
    root: ref('Folder', 0),
    datacenter: ref('Datacenter', 1),
    vmFolder: ref('Folder', 2),
    hostFolder: ref('Folder', 3),
    datastoreFolder: ref('Folder', 4),
    networkFolder: ref('Folder', 5),
    compute: ref(product === 'vcenter' ? 'ClusterComputeResource' : 'ComputeResource', 6),
    pool: ref('ResourcePool', 7),
  };
}

export function hostRef(id: string): Ref {
  return { type: 'HostSystem', id };
}

export function datastoreRef(id: string): Ref {
  return { type: 'Datastore', id };
}

export function vmRef(id: string): Ref {
  return { type: 'VirtualMachine', id };
}

export function snapshotRef(id: string): Ref {
  return { type: 'VirtualMachineSnapshot', id };
}

/** Names on the wire: `%` , `/` and `\` are encoded, nothing else. */
export function wireName(name: string): string {
  return name.replace(/[%/\\]/g, (found) => `%${found.charCodeAt(0).toString(16)}`);
}

/** 'VMFS-BOOT' of '[VMFS-BOOT] mail01/mail01.vmdk'. */
export function datastoreOf(table: WorldTable, file: string): Ref | undefined {
  const name = /^\[(.*?)\] /.exec(file)?.[1];
  const found = table.datastores.find((each) => each.name === name);
  return found === undefined ? undefined : datastoreRef(found.id);
}

/** A uuid that stays the same for the same words, for what the table does not name. */
export function uuidOf(words: string): string {
  const hex = createHash('sha256').update(words).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
