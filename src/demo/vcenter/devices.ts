import { lunUuid, type WorldDisk, type WorldTable, type WorldVm } from '../table.ts';
import { datastoreOf } from './names.ts';
import { bool, data, type Fields, int, list, long, reference, text, type Value } from './value.ts';

interface ControllerKind {
  readonly type: string;
  readonly label: string;
  readonly firstKey: number;
  readonly firstDiskKey: number;
  readonly unitsPerBus: number;
  readonly shares: boolean;
}

/** Keys as vSphere gives them: a disk's follows from its bus and unit. */
const CONTROLLERS: Readonly<Record<string, ControllerKind>> = {
  ide: kind('VirtualIDEController', 'IDE', 200, 3000, 2),
  scsi: { ...kind('ParaVirtualSCSIController', 'SCSI controller', 1000, 2000, 16), shares: true },
  sata: kind('VirtualAHCIController', 'SATA controller', 15000, 16000, 30),
  nvme: { ...kind('VirtualNVMEController', 'NVME controller', 31000, 32000, 64), shares: true },
};
const PCI_KEY = 100;

function kind(
  type: string,
  label: string,
  firstKey: number,
  firstDiskKey: number,
  unitsPerBus: number,
): ControllerKind {
  return { type, label, firstKey, firstDiskKey, unitsPerBus, shares: false };
}

interface Address {
  readonly controller: ControllerKind;
  readonly bus: number;
  readonly unit: number;
}

/** `config.hardware.device`: the PCI bus, the controllers, the disks. */
export function devices(table: WorldTable, vm: WorldVm): readonly Value[] {
  const buses = new Map<string, Address[]>([
    ['ide0', []],
    ['ide1', []],
  ]);
  for (const disk of vm.disks) {
    const bus = disk.address.replace(/:.*/, '');
    buses.set(bus, [...(buses.get(bus) ?? []), addressOf(disk.address)]);
  }
  return [
    data('VirtualPCIController', {
      key: int(PCI_KEY),
      deviceInfo: described('PCI controller 0', 'PCI controller 0'),
      busNumber: int(0),
    }),
    ...[...buses].map(([bus, disks], index) => controller(bus, disks, index, vm)),
    ...vm.disks.map((disk, index) => virtualDisk(table, vm, disk, index)),
  ];
}

export function diskKey(address: string): number {
  const { controller, bus, unit } = addressOf(address);
  return controller.firstDiskKey + bus * controller.unitsPerBus + unit;
}

function addressOf(address: string): Address {
  const [, name = '', bus = '', unit = '0'] = /^([a-z]+)(\d+)(?::(\d+))?$/.exec(address) ?? [];
  const controller = CONTROLLERS[name];
  if (controller === undefined) throw new Error(`no such controller: ${address}`);
  return { controller, bus: Number(bus), unit: Number(unit) };
}

function controller(name: string, disks: readonly Address[], index: number, vm: WorldVm): Value {
  const { controller: kind, bus } = addressOf(name);
  const onPci: Fields = name.startsWith('ide') ? {} : { controllerKey: int(PCI_KEY), unitNumber: int(index + 1) };
  const label = `${kind.label} ${bus}`;
  return data(kind.type, {
    key: int(kind.firstKey + bus),
    deviceInfo: described(label, label),
    ...onPci,
    busNumber: int(bus),
    device: list(
      'int',
      disks.map((disk) => int(kind.firstDiskKey + disk.bus * kind.unitsPerBus + disk.unit)),
    ),
    ...(name.startsWith('scsi') ? { hotAddRemove: bool(true) } : {}),
    ...(kind.shares ? { sharedBus: text(vm.sharedBus?.[name] ?? 'noSharing') } : {}),
    ...(name.startsWith('scsi') ? { scsiCtlrUnitNumber: int(7) } : {}),
  });
}

function virtualDisk(table: WorldTable, vm: WorldVm, disk: WorldDisk, index: number): Value {
  const { controller, bus, unit } = addressOf(disk.address);
  return data('VirtualDisk', {
    key: int(diskKey(disk.address)),
    deviceInfo: described(`Hard disk ${index + 1}`, `${(disk.sizeBytes / 1024n).toLocaleString('en-US')} KB`),
    backing: backing(table, vm, disk),
    controllerKey: int(controller.firstKey + bus),
    unitNumber: int(unit),
    capacityInKB: long(disk.sizeBytes / 1024n),
    capacityInBytes: long(disk.sizeBytes),
  });
}

function backing(table: WorldTable, vm: WorldVm, disk: WorldDisk): Value | undefined {
  return chain(disk.files, (file, parent, isDelta) => {
    const common: Fields = { fileName: text(file), datastore: datastoreField(table, file) };
    const encrypted = vm.encrypted === true ? { keyId: cryptoKey() } : {};
    if (disk.kind !== 'file') return rawBacking(table, vm, disk, common, parent);
    if (storeKind(table, file) === 'pmem') {
      return data('VirtualDiskLocalPMemBackingInfo', {
        ...common,
        diskMode: text(disk.mode ?? 'persistent'),
        uuid: disk.uuid === undefined ? undefined : text(disk.uuid),
      });
    }
    return data('VirtualDiskFlatVer2BackingInfo', {
      ...common,
      backingObjectId: ['vsan', 'vvol'].includes(storeKind(table, file) ?? '') ? text(`naa.${vm.id}`) : undefined,
      diskMode: text(disk.mode ?? 'persistent'),
      thinProvisioned: bool(disk.multiWriter !== true),
      uuid: disk.uuid === undefined ? undefined : text(disk.uuid),
      contentId: text('fffffffe'),
      parent,
      deltaDiskFormat: isDelta ? text('redoLogFormat') : undefined,
      digestEnabled: bool(false),
      sharing: text(disk.multiWriter === true ? 'sharingMultiWriter' : 'sharingNone'),
      ...encrypted,
    });
  });
}

function rawBacking(
  table: WorldTable,
  vm: WorldVm,
  disk: WorldDisk & { readonly naa: string },
  common: Fields,
  parent: Value | undefined,
): Value {
  const lun = table.luns.find((each) => each.naa === disk.naa);
  const number = table.hosts.find((host) => host.id === vm.host)?.luns.find((seen) => seen.naa === disk.naa)?.number;
  const uuid = lun === undefined ? '' : lunUuid(lun, number ?? 0);
  const physical = disk.kind === 'rdm-physical';
  return data('VirtualDiskRawDiskMappingVer1BackingInfo', {
    ...common,
    lunUuid: text(uuid),
    // Empty where the VM's host does not see the LUN.
    deviceName: text(number === undefined ? '' : `vml.${uuid}`),
    compatibilityMode: text(physical ? 'physicalMode' : 'virtualMode'),
    diskMode: physical ? undefined : text(disk.mode ?? 'persistent'),
    uuid: physical || disk.uuid === undefined ? undefined : text(disk.uuid),
    contentId: text('fffffffe'),
    parent,
    sharing: text(disk.multiWriter === true ? 'sharingMultiWriter' : 'sharingNone'),
  });
}

/** Built from the base up: each file's parent is the one after it. */
function chain(
  files: readonly string[],
  link: (file: string, parent: Value | undefined, isDelta: boolean) => Value,
): Value | undefined {
  return files.reduceRight<Value | undefined>((parent, file) => link(file, parent, parent !== undefined), undefined);
}

function datastoreField(table: WorldTable, file: string): Value | undefined {
  const ref = datastoreOf(table, file);
  return ref === undefined ? undefined : reference(ref);
}

function storeKind(table: WorldTable, file: string): string | undefined {
  const ref = datastoreOf(table, file);
  return table.datastores.find((each) => each.id === ref?.id)?.kind;
}

export function cryptoKey(): Value {
  return data('CryptoKeyId', { keyId: text('demo-key'), providerId: data('KeyProviderId', { id: text('demo-kms') }) });
}

function described(label: string, summary: string): Value {
  return data('Description', { label: text(label), summary: text(summary) });
}
