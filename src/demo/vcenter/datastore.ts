import type { WorldDatastore, WorldTable } from '../table.ts';
import type { ManagedObject } from './collect.ts';
import { datastoreOf, datastoreRef, type FixedRefs, hostRef, uuidOf, vmRef, wireName } from './names.ts';
import {
  bool,
  data,
  date,
  enumeration,
  type Fields,
  int,
  list,
  long,
  reference,
  references,
  refKey,
  text,
  type Value,
} from './value.ts';

const TIB = 1n << 40n;
/** `summary.type` by kind, where it is not the version's. */
const TYPES = { vmfs: 'VMFS', vsan: 'vsan', vvol: 'VVOL', pmem: 'PMEM' } as const;

export function datastoreObject(table: WorldTable, store: WorldDatastore, fixed: FixedRefs): ManagedObject {
  const ref = datastoreRef(store.id);
  const uuid = uuidOf(store.name);
  const url = `ds:///vmfs/volumes/${uuid}/`;
  const capacity = capacityOf(table, store);
  const here = table.vms.filter((vm) =>
    [vm.vmx, ...vm.disks.flatMap((disk) => disk.files)].some((file) => {
      const on = datastoreOf(table, file);
      return on !== undefined && refKey(on) === refKey(ref);
    }),
  );
  return {
    ref,
    properties: {
      name: text(wireName(store.name)),
      parent: reference(fixed.datastoreFolder),
      overallStatus: enumeration('ManagedEntityStatus', 'green'),
      info: info(table, store, { url, uuid, capacity }),
      summary: data('DatastoreSummary', {
        datastore: reference(ref),
        name: text(wireName(store.name)),
        url: text(url),
        capacity: long(capacity),
        freeSpace: long(capacity / 2n),
        accessible: bool(true),
        multipleHostAccess: bool(store.hosts.length > 1),
        type: text(typeOf(store)),
        maintenanceMode: text('normal'),
      }),
      host: list(
        'DatastoreHostMount',
        store.hosts.map((host) => hostMount(host, uuid)),
      ),
      vm: references(here.map((vm) => vmRef(vm.id))),
    },
  };
}

function typeOf(store: WorldDatastore): string {
  if (store.kind === 'nfs') return store.version === 3 ? 'NFS' : 'NFS41';
  return TYPES[store.kind];
}

function capacityOf(table: WorldTable, store: WorldDatastore): bigint {
  if (store.kind !== 'vmfs') return TIB;
  return table.luns.reduce((sum, lun) => (store.extents.includes(lun.naa) ? sum + lun.sizeBytes : sum), 0n);
}

interface Where {
  readonly url: string;
  readonly uuid: string;
  readonly capacity: bigint;
}

function info(table: WorldTable, store: WorldDatastore, where: Where): Value {
  const common: Fields = {
    name: text(wireName(store.name)),
    url: text(where.url),
    freeSpace: long(where.capacity / 2n),
    maxFileSize: long(62n * TIB),
    timestamp: date('2026-01-01T00:00:00Z'),
  };
  switch (store.kind) {
    case 'vmfs':
      return data('VmfsDatastoreInfo', { ...common, vmfs: vmfsVolume(store.name, store.extents, where) });
    case 'nfs':
      return data('NasDatastoreInfo', { ...common, nas: nasVolume(store, where.capacity) });
    case 'vsan':
      return data('VsanDatastoreInfo', { ...common, membershipUuid: text(uuidOf(table.about.instanceUuid)) });
    case 'vvol':
      return data('VvolDatastoreInfo', {
        ...common,
        vvolDS: data('HostVvolVolume', {
          type: text('VVOL'),
          name: text(store.name),
          capacity: long(where.capacity),
          scId: text(where.uuid),
        }),
      });
    case 'pmem':
      return data('PMemDatastoreInfo', {
        ...common,
        pmem: data('HostPMemVolume', {
          type: text('PMEM'),
          name: text(store.name),
          capacity: long(where.capacity),
          uuid: text(where.uuid),
          version: text('1'),
        }),
      });
  }
}

function vmfsVolume(name: string, extents: readonly string[], where: Where): Value {
  return data('HostVmfsVolume', {
    type: text('VMFS'),
    name: text(name),
    capacity: long(where.capacity),
    blockSizeMb: int(1),
    maxBlocks: int(63963136),
    majorVersion: int(6),
    version: text('6.82'),
    uuid: text(where.uuid),
    extent: list(
      'HostScsiDiskPartition',
      extents.map((naa) => data('HostScsiDiskPartition', { diskName: text(naa), partition: int(1) })),
    ),
    vmfsUpgradable: bool(false),
    ssd: bool(true),
    local: bool(false),
  });
}

function nasVolume(store: WorldDatastore & { kind: 'nfs' }, capacity: bigint): Value {
  return data('HostNasVolume', {
    type: text(typeOf(store)),
    name: text(store.name),
    capacity: long(capacity),
    remoteHost: text(store.servers[0] ?? ''),
    remotePath: text(store.path),
    remoteHostNames: list('string', store.servers.map(text)),
    securityType: text('AUTH_SYS'),
    protocolEndpoint: bool(false),
  });
}

function hostMount(host: string, uuid: string): Value {
  return data('DatastoreHostMount', {
    key: reference(hostRef(host)),
    mountInfo: data('HostMountInfo', {
      path: text(`/vmfs/volumes/${uuid}`),
      accessMode: text('readWrite'),
      mounted: bool(true),
      accessible: bool(true),
    }),
  });
}
