import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorldDatastore, WorldDisk, WorldHost, WorldTable, WorldVm } from '../../../src/demo/table.ts';
import { lunUuid } from '../../../src/demo/table.ts';
import { branch, escaped, leaf } from '../../../src/vsphere/xml.ts';

/**
 * A table as a folder of managed objects, one XML file each, in the form that `govc object.save` writes and `vcsim -load`
 * reads. What vcsim then serves comes out of its own types: an element or a type that vSphere does not have stops it.
 */
export function writeModel(table: WorldTable, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const [index, object] of objectsOf(table).entries()) {
    const [type, id, properties] = object;
    const propSets = properties.map(([name, value]) => branch('propSet', [leaf('name', name), value]));
    const xml = [
      '<ObjectContent xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">',
      reference('obj', type, id),
      ...propSets,
      '</ObjectContent>\n',
    ].join('');
    // Read in the order of their names: the service instance first.
    writeFileSync(join(folder, `${String(index).padStart(6, '0')}-${type}.xml`), xml);
  }
}

type Property = readonly [name: string, value: string];
type ManagedObject = readonly [type: string, id: string, properties: readonly Property[]];

function objectsOf(table: WorldTable): readonly ManagedObject[] {
  const roots = rootsOf(table);
  return [
    ['ServiceInstance', 'ServiceInstance', [['content', serviceContent(table, roots)]]],
    ...Object.values(roots.managers).map(([type, id]): ManagedObject => [type, id, []]),
    ...inventory(table, roots),
    ...table.hosts.flatMap((host) => hostObjects(host, table, roots)),
    ...table.datastores.map((datastore) => datastoreObject(datastore, table)),
    ...table.vms.map((vm) => vmObject(vm, table, roots)),
  ];
}

// ---- what every vSphere has

interface Roots {
  readonly folders: readonly VmFolder[];
  readonly rootFolder: string;
  readonly compute: readonly [type: string, id: string];
  readonly managers: Readonly<Record<string, readonly [type: string, id: string]>>;
}

function rootsOf(table: WorldTable): Roots {
  const folders = vmFolders(table);
  if (table.about.product === 'esxi') {
    return {
      folders,
      rootFolder: 'ha-folder-root',
      compute: ['ComputeResource', 'ha-compute-res'],
      managers: {
        propertyCollector: ['PropertyCollector', 'ha-property-collector'],
        viewManager: ['ViewManager', 'ViewManager'],
        sessionManager: ['SessionManager', 'ha-sessionmgr'],
        taskManager: ['TaskManager', 'ha-taskmgr'],
        eventManager: ['EventManager', 'ha-eventmgr'],
        searchIndex: ['SearchIndex', 'ha-searchindex'],
        setting: ['OptionManager', 'HostAgentSettings'],
      },
    };
  }
  return {
    folders,
    rootFolder: 'group-d1',
    compute: ['ClusterComputeResource', 'domain-c1'],
    managers: {
      propertyCollector: ['PropertyCollector', 'propertyCollector'],
      viewManager: ['ViewManager', 'ViewManager'],
      sessionManager: ['SessionManager', 'SessionManager'],
      taskManager: ['TaskManager', 'TaskManager'],
      eventManager: ['EventManager', 'EventManager'],
      searchIndex: ['SearchIndex', 'SearchIndex'],
      setting: ['OptionManager', 'VpxSettings'],
      authorizationManager: ['AuthorizationManager', 'AuthorizationManager'],
    },
  };
}

/** The order of ServiceContent's fields. */
function serviceContent({ about }: WorldTable, { rootFolder, managers }: Roots): string {
  const manager = (name: string): string => {
    const found = managers[name];
    return found === undefined ? '' : reference(name, ...found);
  };
  const vcenter = about.product === 'vcenter';
  const product = vcenter ? 'VMware vCenter Server' : 'VMware ESXi';
  return value('ServiceContent', [
    reference('rootFolder', 'Folder', rootFolder),
    manager('propertyCollector'),
    manager('viewManager'),
    branch('about', [
      leaf('name', product),
      leaf('fullName', `${product} ${about.version} build-${about.build}`),
      leaf('vendor', 'VMware, Inc.'),
      leaf('version', about.version),
      leaf('build', about.build),
      leaf('osType', vcenter ? 'linux-x64' : 'vmnix-x86'),
      leaf('productLineId', vcenter ? 'vpx' : 'embeddedEsx'),
      leaf('apiType', vcenter ? 'VirtualCenter' : 'HostAgent'),
      leaf('apiVersion', about.apiVersion),
      ...(vcenter ? [leaf('instanceUuid', about.instanceUuid)] : []),
    ]),
    ...['setting', 'sessionManager', 'authorizationManager', 'eventManager', 'taskManager', 'searchIndex'].map(manager),
  ]);
}

const POOL = 'resgroup-1';
const DATACENTER = 'datacenter-1';
const FOLDERS = { vm: 'group-v1', host: 'group-h1', datastore: 'group-s1', network: 'group-n1' } as const;

function inventory(table: WorldTable, { rootFolder, compute, folders }: Roots): readonly ManagedObject[] {
  const folder = (
    id: string,
    name: string,
    parent: string,
    childTypes: readonly string[],
    children: readonly string[],
  ) =>
    [
      'Folder',
      id,
      [
        ['parent', parent],
        ['name', string(encoded(name))],
        [
          'childType',
          array(
            'String',
            childTypes.map((type) => leaf('string', type)),
          ),
        ],
        ['childEntity', references(children)],
      ],
    ] as ManagedObject;
  const datacenter = reference('val', 'Datacenter', DATACENTER, 'ManagedObjectReference');
  const datastores = table.datastores.map(({ id }) => item('Datastore', id));
  const vms = (ids: readonly WorldVm[]): string[] => ids.map(({ id }) => item('VirtualMachine', id));
  const root = reference('val', 'Folder', rootFolder, 'ManagedObjectReference');
  return [
    [
      'Folder',
      rootFolder,
      [
        ['name', string(table.about.product === 'esxi' ? 'ha-folder-root' : 'Datacenters')],
        [
          'childType',
          array(
            'String',
            ['Folder', 'Datacenter'].map((type) => leaf('string', type)),
          ),
        ],
        ['childEntity', references([item('Datacenter', DATACENTER)])],
      ],
    ],
    [
      'Datacenter',
      DATACENTER,
      [
        ['parent', root],
        ['name', string(encoded(table.datacenter))],
        ['vmFolder', reference('val', 'Folder', FOLDERS.vm, 'ManagedObjectReference')],
        ['hostFolder', reference('val', 'Folder', FOLDERS.host, 'ManagedObjectReference')],
        ['datastoreFolder', reference('val', 'Folder', FOLDERS.datastore, 'ManagedObjectReference')],
        ['networkFolder', reference('val', 'Folder', FOLDERS.network, 'ManagedObjectReference')],
        ['datastore', references(datastores)],
      ],
    ],
    folder(
      FOLDERS.vm,
      'vm',
      datacenter,
      ['Folder', 'VirtualMachine'],
      [
        ...folders.filter((one) => one.parent === FOLDERS.vm).map((one) => item('Folder', one.id)),
        ...vms(table.vms.filter((vm) => vm.folder.length === 0)),
      ],
    ),
    ...folders.map((one) =>
      folder(
        one.id,
        one.name,
        reference('val', 'Folder', one.parent, 'ManagedObjectReference'),
        ['Folder', 'VirtualMachine'],
        [
          ...folders.filter((other) => other.parent === one.id).map((other) => item('Folder', other.id)),
          ...vms(table.vms.filter((vm) => vm.folder.join('\n') === one.path)),
        ],
      ),
    ),
    folder(FOLDERS.host, 'host', datacenter, ['Folder', 'ComputeResource'], [item(...compute)]),
    folder(FOLDERS.datastore, 'datastore', datacenter, ['Folder', 'Datastore'], datastores),
    folder(FOLDERS.network, 'network', datacenter, ['Folder', 'Network'], []),
    [
      ...compute,
      [
        ['parent', reference('val', 'Folder', FOLDERS.host, 'ManagedObjectReference')],
        ['name', string('Cluster')],
        ['resourcePool', reference('val', 'ResourcePool', POOL, 'ManagedObjectReference')],
        ['host', references(table.hosts.map(({ id }) => item('HostSystem', id)))],
        ['datastore', references(datastores)],
      ],
    ],
    [
      'ResourcePool',
      POOL,
      [
        ['parent', reference('val', ...compute, 'ManagedObjectReference')],
        ['name', string('Resources')],
        ['owner', reference('val', ...compute, 'ManagedObjectReference')],
        ['vm', references(vms(table.vms.filter((vm) => vm.template !== true)))],
      ],
    ],
  ];
}

interface VmFolder {
  readonly id: string;
  readonly name: string;
  /** Names from the datacenter's VM folder down, a line each. */
  readonly path: string;
  readonly parent: string;
}

function vmFolders(table: WorldTable): readonly VmFolder[] {
  const folders = new Map<string, VmFolder>();
  for (const { folder } of table.vms) {
    for (const [depth, name] of folder.entries()) {
      const path = folder.slice(0, depth + 1).join('\n');
      const parent = folders.get(folder.slice(0, depth).join('\n'))?.id ?? FOLDERS.vm;
      if (!folders.has(path)) folders.set(path, { id: `group-v${folders.size + 2}`, name, path, parent });
    }
  }
  return [...folders.values()];
}

function folderIdOf(vm: WorldVm, folders: readonly VmFolder[]): string {
  const path = vm.folder.join('\n');
  return folders.find((folder) => folder.path === path)?.id ?? FOLDERS.vm;
}

// ---- hosts and what they see

function hostObjects(host: WorldHost, table: WorldTable, { compute }: Roots): readonly ManagedObject[] {
  const storage = `storageSystem-${host.id}`;
  const devices = host.luns.map(({ naa, number }) => scsiLun(table, naa, number));
  const vms = table.vms.filter((vm) => vm.host === host.id && vm.template !== true);
  return [
    [
      'HostSystem',
      host.id,
      [
        ['parent', reference('val', ...compute, 'ManagedObjectReference')],
        ['name', string(host.name)],
        [
          'summary',
          value('HostListSummary', [
            branch('config', [leaf('name', host.name), leaf('port', 443)]),
            leaf('rebootRequired', false),
          ]),
        ],
        [
          'runtime',
          value('HostRuntimeInfo', [
            leaf('connectionState', 'connected'),
            leaf('powerState', 'poweredOn'),
            leaf('inMaintenanceMode', false),
          ]),
        ],
        [
          'config',
          value('HostConfigInfo', [
            branch(
              'storageDevice',
              devices.map((device) => branch('scsiLun', [device], 'HostScsiDisk')),
            ),
          ]),
        ],
        ['vm', references(vms.map(({ id }) => item('VirtualMachine', id)))],
        ['datastore', references(datastoresOf(host, table).map(({ id }) => item('Datastore', id)))],
        ['configManager', value('HostConfigManager', [reference('storageSystem', 'HostStorageSystem', storage)])],
      ],
    ],
    [
      'HostStorageSystem',
      storage,
      [
        [
          'storageDeviceInfo',
          value(
            'HostStorageDeviceInfo',
            devices.map((device) => branch('scsiLun', [device], 'HostScsiDisk')),
          ),
        ],
      ],
    ],
  ];
}

function datastoresOf(host: WorldHost, table: WorldTable): readonly WorldDatastore[] {
  return table.datastores.filter((datastore) => datastore.hosts.includes(host.id));
}

/** The order of ScsiLun's fields, and of HostScsiDisk's after them. */
function scsiLun(table: WorldTable, naa: string, number: number): string {
  const lun = lunOf(table, naa);
  const uuid = lunUuid(lun, number);
  return [
    leaf('deviceName', `/vmfs/devices/disks/${naa}`),
    leaf('deviceType', 'disk'),
    leaf('key', `key-vim.host.ScsiDisk-${uuid}`),
    leaf('uuid', uuid),
    branch('descriptor', [leaf('quality', 'highQuality'), leaf('id', naa)]),
    branch('descriptor', [leaf('quality', 'lowQuality'), leaf('id', `vml.${uuid}`)]),
    branch('descriptor', [leaf('quality', 'lowQuality'), leaf('id', uuid)]),
    leaf('canonicalName', naa),
    leaf('displayName', `${lun.vendor} Fibre Channel Disk (${naa})`),
    leaf('lunType', 'disk'),
    leaf('vendor', lun.vendor),
    leaf('model', lun.model),
    leaf('operationalState', 'ok'),
    branch('capacity', [leaf('blockSize', 512), leaf('block', String(lun.sizeBytes / 512n))]),
    leaf('devicePath', `/vmfs/devices/disks/${naa}`),
  ].join('');
}

function lunOf(table: WorldTable, naa: string): WorldTable['luns'][number] {
  const lun = table.luns.find((one) => one.naa === naa);
  if (lun === undefined) throw new Error(`the table has no LUN ${naa}`);
  return lun;
}

// ---- datastores

function datastoreObject(datastore: WorldDatastore, table: WorldTable): ManagedObject {
  const url = `ds:///vmfs/volumes/${datastore.id}/`;
  const common = [
    leaf('name', datastore.name),
    leaf('url', url),
    leaf('freeSpace', 1_000_000_000),
    leaf('maxFileSize', 0),
  ];
  const { info, type } = infoOf(datastore, table, common);
  const vms = table.vms.filter((vm) => filesOf(vm).some((file) => file.startsWith(`[${datastore.name}] `)));
  return [
    'Datastore',
    datastore.id,
    [
      ['parent', reference('val', 'Folder', FOLDERS.datastore, 'ManagedObjectReference')],
      ['name', string(encoded(datastore.name))],
      ['info', info],
      [
        'summary',
        value('DatastoreSummary', [
          reference('datastore', 'Datastore', datastore.id),
          leaf('name', datastore.name),
          leaf('url', url),
          leaf('capacity', 2_000_000_000),
          leaf('freeSpace', 1_000_000_000),
          leaf('accessible', true),
          leaf('multipleHostAccess', datastore.hosts.length > 1),
          leaf('type', type),
        ]),
      ],
      [
        'host',
        array(
          'DatastoreHostMount',
          datastore.hosts.map((host) =>
            branch('DatastoreHostMount', [
              reference('key', 'HostSystem', host),
              branch('mountInfo', [leaf('accessMode', 'readWrite'), leaf('mounted', true), leaf('accessible', true)]),
            ]),
          ),
        ),
      ],
      ['vm', references(vms.map(({ id }) => item('VirtualMachine', id)))],
    ],
  ];
}

/** A disk inside a host is no LUN of the table. */
function capacityOf(extents: readonly string[], table: WorldTable): bigint {
  return table.luns.reduce((sum, { naa, sizeBytes }) => (extents.includes(naa) ? sum + sizeBytes : sum), 0n);
}

function infoOf(
  datastore: WorldDatastore,
  table: WorldTable,
  common: readonly string[],
): { info: string; type: string } {
  switch (datastore.kind) {
    case 'vmfs': {
      const extents = datastore.extents.map((extent) =>
        branch('extent', [leaf('diskName', extent), leaf('partition', 1)]),
      );
      const volume = [
        leaf('type', 'VMFS'),
        leaf('name', datastore.name),
        leaf('capacity', String(capacityOf(datastore.extents, table))),
        leaf('blockSizeMb', 1),
        leaf('maxBlocks', 0),
        leaf('majorVersion', 6),
        leaf('version', '6.82'),
        leaf('uuid', `5f000000-00000000-0000-${datastore.id.padStart(12, '0')}`),
        ...extents,
        leaf('vmfsUpgradable', false),
      ];
      return { info: value('VmfsDatastoreInfo', [...common, branch('vmfs', volume)]), type: 'VMFS' };
    }
    case 'nfs': {
      const type = datastore.version === 3 ? 'NFS' : 'NFS41';
      const volume = [
        leaf('type', type),
        leaf('name', datastore.name),
        leaf('capacity', 2_000_000_000),
        leaf('remoteHost', datastore.servers[0] ?? ''),
        leaf('remotePath', datastore.path),
        ...datastore.servers.map((server) => leaf('remoteHostNames', server)),
      ];
      return { info: value('NasDatastoreInfo', [...common, branch('nas', volume)]), type };
    }
    case 'vsan':
      return { info: value('VsanDatastoreInfo', common), type: 'vsan' };
    case 'vvol':
      return { info: value('VvolDatastoreInfo', common), type: 'VVOL' };
    case 'pmem':
      return { info: value('PMemDatastoreInfo', common), type: 'PMEM' };
  }
}

// ---- virtual machines

function filesOf(vm: WorldVm): readonly string[] {
  return [vm.vmx, ...vm.disks.flatMap((disk) => disk.files)];
}

function vmObject(vm: WorldVm, table: WorldTable, { folders }: Roots): ManagedObject {
  // Of what it runs on: a linked clone does not name the datastore of its base here.
  const running = [vm.vmx, ...vm.disks.map((disk) => disk.files[0] ?? '')];
  const datastores = table.datastores.filter(({ name }) => running.some((file) => file.startsWith(`[${name}] `)));
  return [
    'VirtualMachine',
    vm.id,
    [
      ['parent', reference('val', 'Folder', folderIdOf(vm, folders), 'ManagedObjectReference')],
      ['name', string(encoded(vm.name))],
      [
        'summary',
        value('VirtualMachineSummary', [
          reference('vm', 'VirtualMachine', vm.id),
          branch('runtime', runtime(vm)),
          branch('config', [leaf('name', vm.name), leaf('template', vm.template === true), leaf('vmPathName', vm.vmx)]),
        ]),
      ],
      ['runtime', value('VirtualMachineRuntimeInfo', runtime(vm))],
      ...(vm.unreadable === true ? [] : [['config', config(vm, table)] as Property]),
      ...(vm.template === true
        ? []
        : [['resourcePool', reference('val', 'ResourcePool', POOL, 'ManagedObjectReference')] as Property]),
      [
        'guest',
        value('GuestInfo', [
          leaf('toolsRunningStatus', 'guestToolsRunning'),
          leaf('guestFamily', vm.guestFamily),
          leaf('guestState', 'running'),
        ]),
      ],
      // vcsim writes into these when it takes a snapshot, and ends where they are missing.
      ['layout', value('VirtualMachineFileLayout', [])],
      ['layoutEx', value('VirtualMachineFileLayoutEx', [leaf('timestamp', '2026-11-01T00:00:00Z')])],
      ['storage', value('VirtualMachineStorageInfo', [leaf('timestamp', '2026-11-01T00:00:00Z')])],
      ['datastore', references(datastores.map(({ id }) => item('Datastore', id)))],
      ...(vm.snapshots === undefined ? [] : [['snapshot', snapshotInfo(vm)] as Property]),
    ],
  ];
}

function runtime(vm: WorldVm): readonly string[] {
  return [
    reference('host', 'HostSystem', vm.host),
    leaf('connectionState', vm.unreadable === true ? 'inaccessible' : 'connected'),
    leaf('powerState', vm.powerState),
    leaf('faultToleranceState', 'notConfigured'),
    leaf('toolsInstallerMounted', false),
    ...(vm.question === undefined
      ? []
      : [branch('question', [leaf('id', '1'), leaf('text', vm.question), branch('choice', [])])]),
    leaf('numMksConnections', 0),
    leaf('consolidationNeeded', vm.consolidationNeeded === true),
  ];
}

function config(vm: WorldVm, table: WorldTable): string {
  const directory = vm.vmx.slice(0, vm.vmx.lastIndexOf('/'));
  return value('VirtualMachineConfigInfo', [
    leaf('changeVersion', vm.changeVersion),
    leaf('modified', '2026-11-01T00:00:00Z'),
    leaf('name', vm.name),
    leaf('guestFullName', vm.guestId),
    leaf('version', 'vmx-20'),
    leaf('uuid', vm.biosUuid),
    leaf('instanceUuid', vm.instanceUuid),
    leaf('template', vm.template === true),
    leaf('guestId', vm.guestId),
    leaf('alternateGuestName', ''),
    branch('files', [
      leaf('vmPathName', vm.vmx),
      ...['snapshotDirectory', 'suspendDirectory', 'logDirectory'].map((name) => leaf(name, directory)),
    ]),
    '<flags></flags><defaultPowerOps></defaultPowerOps>',
    branch('hardware', [
      leaf('numCPU', 2),
      leaf('numCoresPerSocket', 1),
      leaf('memoryMB', 4096),
      ...controllersOf(vm).map((one) => one.xml),
      ...vm.disks.map((disk, index) => virtualDisk(disk, index, vm, table)),
    ]),
    ...(vm.encrypted === true ? [branch('keyId', [leaf('keyId', 'key-1')])] : []),
  ]);
}

interface WrittenController {
  readonly name: string;
  readonly key: number;
  /** Of the disk on its unit 0. */
  readonly firstDisk: number;
  readonly xml: string;
}

const CONTROLLERS = {
  ide: { type: 'VirtualIDEController', key: 200, firstDisk: 3000, units: 2 },
  scsi: { type: 'ParaVirtualSCSIController', key: 1000, firstDisk: 2000, units: 16 },
  sata: { type: 'VirtualAHCIController', key: 15000, firstDisk: 16000, units: 30 },
  nvme: { type: 'VirtualNVMEController', key: 31000, firstDisk: 32000, units: 64 },
} as const;

function controllersOf(vm: WorldVm): readonly WrittenController[] {
  const names = [...new Set(vm.disks.map((disk) => disk.address.slice(0, disk.address.indexOf(':'))))];
  return names.map((name) => {
    const bus = name.replace(/\d+$/, '');
    if (bus !== 'ide' && bus !== 'scsi' && bus !== 'sata' && bus !== 'nvme') throw new Error(`no controller ${name}`);
    const number = Number(name.slice(bus.length));
    const { type, key: firstKey, firstDisk, units } = CONTROLLERS[bus];
    const key = firstKey + number;
    const xml = branch(
      'device',
      [
        leaf('key', key),
        branch(
          'deviceInfo',
          [leaf('label', `${bus.toUpperCase()} controller ${number}`), leaf('summary', '')],
          'Description',
        ),
        leaf('busNumber', number),
        ...(bus === 'scsi' ? [leaf('sharedBus', vm.sharedBus?.[name] ?? 'noSharing')] : []),
      ],
      type,
    );
    return { name, key, firstDisk: firstDisk + number * units, xml };
  });
}

function virtualDisk(disk: WorldDisk, index: number, vm: WorldVm, table: WorldTable): string {
  const [controller, unit] = disk.address.split(':');
  const { key, firstDisk } = controllersOf(vm).find((one) => one.name === controller) ?? { key: 0, firstDisk: 0 };
  return branch(
    'device',
    [
      leaf('key', firstDisk + Number(unit)),
      branch('deviceInfo', [leaf('label', `Hard disk ${index + 1}`), leaf('summary', '')], 'Description'),
      backing(disk, 0, vm, table),
      leaf('controllerKey', key),
      leaf('unitNumber', unit ?? '0'),
      leaf('capacityInKB', String(disk.sizeBytes / 1024n)),
      leaf('capacityInBytes', String(disk.sizeBytes)),
    ],
    'VirtualDisk',
  );
}

function backing(disk: WorldDisk, link: number, vm: WorldVm, table: WorldTable): string {
  const file = disk.files[link] ?? '';
  const name = /^\[(.*?)\]/.exec(file)?.[1];
  const datastore = table.datastores.find((one) => one.name === name);
  const tag = link === 0 ? 'backing' : 'parent';
  const place = [
    leaf('fileName', file),
    ...(datastore === undefined ? [] : [reference('datastore', 'Datastore', datastore.id)]),
  ];
  const uuid = disk.uuid === undefined || link > 0 ? [] : [leaf('uuid', disk.uuid)];
  const sharing = disk.multiWriter === true ? [leaf('sharing', 'sharingMultiWriter')] : [];
  const parent = link + 1 < disk.files.length ? [backing(disk, link + 1, vm, table)] : [];
  // `parent` has a definite type in the API: only the backing itself is polymorphic.
  if (disk.kind === 'file') {
    const parts = [...place, leaf('diskMode', disk.mode ?? 'persistent'), leaf('thinProvisioned', true), ...uuid];
    const type = link === 0 ? 'VirtualDiskFlatVer2BackingInfo' : undefined;
    return branch(tag, [...parts, ...parent, ...sharing], type);
  }
  const number = table.hosts.find((host) => host.id === vm.host)?.luns.find((lun) => lun.naa === disk.naa)?.number ?? 0;
  const parts = [
    ...place,
    leaf('lunUuid', lunUuid(lunOf(table, disk.naa), number)),
    leaf('deviceName', `vml.${lunUuid(lunOf(table, disk.naa), number)}`),
    leaf('compatibilityMode', disk.kind === 'rdm-physical' ? 'physicalMode' : 'virtualMode'),
    ...(disk.kind === 'rdm-virtual' ? [leaf('diskMode', disk.mode ?? 'persistent')] : []),
    ...uuid,
  ];
  const type = link === 0 ? 'VirtualDiskRawDiskMappingVer1BackingInfo' : undefined;
  return branch(tag, [...parts, ...parent, ...sharing], type);
}

function snapshotInfo(vm: WorldVm): string {
  const [first, ...rest] = vm.snapshots ?? [];
  if (first === undefined) return value('VirtualMachineSnapshotInfo', []);
  const newest = rest.at(-1) ?? first;
  const tree = (at: number): string => {
    const snapshot = vm.snapshots?.[at];
    if (snapshot === undefined) return '';
    return branch(at === 0 ? 'rootSnapshotList' : 'childSnapshotList', [
      reference('snapshot', 'VirtualMachineSnapshot', snapshot.id),
      reference('vm', 'VirtualMachine', vm.id),
      leaf('name', snapshot.name),
      leaf('description', ''),
      leaf('id', at + 1),
      leaf('createTime', snapshot.createdAt),
      leaf('state', 'poweredOff'),
      leaf('quiesced', snapshot.quiesced),
      tree(at + 1),
    ]);
  };
  return value('VirtualMachineSnapshotInfo', [
    reference('currentSnapshot', 'VirtualMachineSnapshot', newest.id),
    tree(0),
  ]);
}

// ---- writing

/** vSphere writes the characters that its paths need as %25, %2f and %5c. */
function encoded(name: string): string {
  return name.replace(/[%/\\]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
}

function value(xsiType: string, parts: readonly string[]): string {
  return branch('val', parts, xsiType);
}

function string(text: string): string {
  return leaf('val', text, 'xsd:string');
}

function array(of: string, items: readonly string[]): string {
  return branch('val', items, `ArrayOf${of}`);
}

function references(items: readonly string[]): string {
  return array('ManagedObjectReference', items);
}

function item(type: string, id: string): string {
  return reference('ManagedObjectReference', type, id);
}

function reference(name: string, type: string, id: string, xsiType?: string): string {
  const typed = xsiType === undefined ? '' : ` xsi:type="${xsiType}"`;
  return `<${name}${typed} type="${type}">${escaped(id)}</${name}>`;
}
