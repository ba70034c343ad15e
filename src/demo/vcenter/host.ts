import { lunUuid, type WorldHost, type WorldLun, type WorldTable } from '../table.ts';
import type { ManagedObject } from './collect.ts';
import { datastoreRef, type FixedRefs, hostRef, uuidOf, vmRef, wireName } from './names.ts';
import {
  bool,
  data,
  enumeration,
  type Fields,
  int,
  list,
  long,
  type Ref,
  reference,
  references,
  text,
  type Value,
} from './value.ts';

const BLOCK = 512n;

export function hostObjects(table: WorldTable, host: WorldHost, fixed: FixedRefs): readonly ManagedObject[] {
  const ref = hostRef(host.id);
  const storageSystem: Ref = { type: 'HostStorageSystem', id: `storageSystem-${host.id}` };
  const storageDevice = storageDevices(table, host);
  const product = data('AboutInfo', {
    name: text('VMware ESXi'),
    fullName: text(`VMware ESXi ${table.about.version} build-${table.about.build}`),
    vendor: text('VMware, Inc.'),
    version: text(table.about.version),
    build: text(table.about.build),
    osType: text('vmnix-x86'),
    productLineId: text('embeddedEsx'),
    apiType: text('HostAgent'),
    apiVersion: text(table.about.apiVersion),
  });
  const runtime = data('HostRuntimeInfo', {
    connectionState: enumeration('HostSystemConnectionState', 'connected'),
    powerState: enumeration('HostSystemPowerState', 'poweredOn'),
    inMaintenanceMode: bool(false),
  });
  const properties: Fields = {
    name: text(wireName(host.name)),
    parent: reference(fixed.compute),
    overallStatus: enumeration('ManagedEntityStatus', 'green'),
    runtime,
    summary: data('HostListSummary', {
      host: reference(ref),
      hardware: hardware(host),
      runtime,
      config: data('HostConfigSummary', { name: text(host.name), port: int(443), product }),
      quickStats: data('HostListSummaryQuickStats', { overallCpuUsage: int(0), overallMemoryUsage: int(0) }),
      overallStatus: enumeration('ManagedEntityStatus', 'green'),
      rebootRequired: bool(false),
    }),
    config: data('HostConfigInfo', { host: reference(ref), product, storageDevice }),
    configManager: data('HostConfigManager', { storageSystem: reference(storageSystem) }),
    datastore: references(
      table.datastores.filter((each) => each.hosts.includes(host.id)).map((each) => datastoreRef(each.id)),
    ),
    vm: references(table.vms.filter((each) => each.host === host.id).map((each) => vmRef(each.id))),
    network: references([]),
  };
  return [
    { ref, properties },
    { ref: storageSystem, properties: { storageDeviceInfo: storageDevice } },
  ];
}

/** Of no make: two processors, 16 GiB. */
function hardware(host: WorldHost): Value {
  return data('HostHardwareSummary', {
    vendor: text('Demo'),
    model: text('Host'),
    uuid: text(uuidOf(host.id)),
    memorySize: long(16n << 30n),
    cpuModel: text('CPU'),
    cpuMhz: int(2000),
    numCpuPkgs: int(1),
    numCpuCores: int(2),
    numCpuThreads: int(2),
    numNics: int(1),
    numHBAs: int(1),
  });
}

function storageDevices(table: WorldTable, host: WorldHost): Value {
  const luns = host.luns.flatMap(({ naa, number }) => {
    const lun = table.luns.find((each) => each.naa === naa);
    return lun === undefined ? [] : [scsiDisk(lun, number)];
  });
  return data('HostStorageDeviceInfo', { scsiLun: list('ScsiLun', luns), softwareInternetScsiEnabled: bool(false) });
}

function scsiDisk(lun: WorldLun, number: number): Value {
  const uuid = lunUuid(lun, number);
  const path = `/vmfs/devices/disks/${lun.naa}`;
  return data('HostScsiDisk', {
    deviceName: text(path),
    deviceType: text('disk'),
    key: text(`key-vim.host.ScsiDisk-${uuid}`),
    uuid: text(uuid),
    descriptor: list('ScsiLunDescriptor', [
      descriptor('lowQuality', lun.naa),
      descriptor('highQuality', `vml.${uuid}`),
      descriptor('highQuality', uuid),
    ]),
    canonicalName: text(lun.naa),
    displayName: text(`${lun.vendor} Fibre Channel Disk (${lun.naa})`),
    lunType: text('disk'),
    vendor: text(lun.vendor.padEnd(8)),
    model: text(lun.model.padEnd(16)),
    revision: text('0001'),
    scsiLevel: int(6),
    serialNumber: text(uuidOf(lun.naa).slice(0, 8)),
    operationalState: list('string', [text('ok')]),
    vStorageSupport: text('vStorageSupported'),
    protocolEndpoint: bool(false),
    perenniallyReserved: bool(false),
    applicationProtocol: text(lun.naa.startsWith('eui.') ? 'NVMe' : 'SCSI'),
    capacity: data('HostDiskDimensionsLba', { blockSize: int(Number(BLOCK)), block: long(lun.sizeBytes / BLOCK) }),
    devicePath: text(path),
    ssd: bool(true),
    localDisk: bool(false),
  });
}

function descriptor(quality: string, id: string): Value {
  return data('ScsiLunDescriptor', { quality: text(quality), id: text(id) });
}
