import type { WorldSnapshot, WorldTable, WorldVm } from '../table.ts';
import type { ManagedObject } from './collect.ts';
import { cryptoKey, devices, diskKey } from './devices.ts';
import { datastoreOf, type FixedRefs, hostRef, snapshotRef, vmRef, wireName } from './names.ts';
import {
  bool,
  data,
  date,
  enumeration,
  type Fields,
  int,
  list,
  long,
  type Ref,
  reference,
  references,
  refKey,
  text,
  type Value,
} from './value.ts';

const CPUS = 2;
const MEMORY_MB = 2048;
const MODIFIED = '2026-01-01T00:00:00Z';

export function vmObjects(table: WorldTable, vm: WorldVm, parent: Ref, fixed: FixedRefs): readonly ManagedObject[] {
  const ref = vmRef(vm.id);
  const runtime = runtimeInfo(vm);
  const stores = [vm.vmx, ...vm.disks.flatMap((disk) => disk.files)].flatMap((file) => datastoreOf(table, file) ?? []);
  const distinct = [...new Map(stores.map((each) => [refKey(each), each])).values()];
  const properties: Fields = {
    name: text(wireName(vm.name)),
    parent: reference(parent),
    overallStatus: enumeration('ManagedEntityStatus', 'green'),
    disabledMethod: list('string', []),
    effectiveRole: list('int', [int(-2)]),
    recentTask: references([]),
    config: vm.unreadable === true ? undefined : configInfo(table, vm),
    datastore: references(distinct),
    guest: guestInfo(vm),
    layoutEx: vm.unreadable === true ? undefined : layout(vm),
    network: references([]),
    resourcePool: vm.template === true ? undefined : reference(fixed.pool),
    runtime,
    snapshot: snapshotInfo(vm),
    rootSnapshot: references((vm.snapshots ?? []).slice(0, 1).map((snapshot) => snapshotRef(snapshot.id))),
    summary: summary(vm, runtime),
  };
  const snapshots = (vm.snapshots ?? []).map((snapshot) => ({
    ref: snapshotRef(snapshot.id),
    properties: {
      vm: reference(ref),
      childSnapshot: references(childrenOf(vm, snapshot).map((each) => snapshotRef(each.id))),
    },
  }));
  return [{ ref, properties }, ...snapshots];
}

function summary(vm: WorldVm, runtime: Value): Value {
  const running = vm.powerState === 'poweredOn';
  return data('VirtualMachineSummary', {
    vm: reference(vmRef(vm.id)),
    runtime,
    guest: data('VirtualMachineGuestSummary', {
      guestId: text(vm.guestId),
      guestFullName: text(vm.guestId),
      ...toolsFields(running),
      hostName: text(vm.name),
    }),
    config: data('VirtualMachineConfigSummary', {
      name: text(wireName(vm.name)),
      template: bool(vm.template === true),
      vmPathName: text(vm.vmx),
      memorySizeMB: int(MEMORY_MB),
      numCpu: int(CPUS),
      numVirtualDisks: int(vm.disks.length),
      uuid: text(vm.biosUuid),
      instanceUuid: text(vm.instanceUuid),
      guestId: text(vm.guestId),
      guestFullName: text(vm.guestId),
    }),
    quickStats: data('VirtualMachineQuickStats', { guestHeartbeatStatus: enumeration('ManagedEntityStatus', 'gray') }),
    overallStatus: enumeration('ManagedEntityStatus', 'green'),
  });
}

function toolsFields(running: boolean): Fields {
  return {
    toolsVersionStatus2: text('guestToolsUnmanaged'),
    toolsRunningStatus: text(running ? 'guestToolsRunning' : 'guestToolsNotRunning'),
  };
}

function configInfo(table: WorldTable, vm: WorldVm): Value {
  const folder = vm.vmx.replace(/[^/]*$/, '');
  return data('VirtualMachineConfigInfo', {
    changeVersion: text(vm.changeVersion),
    modified: date(MODIFIED),
    name: text(wireName(vm.name)),
    guestFullName: text(vm.guestId),
    version: text('vmx-20'),
    uuid: text(vm.biosUuid),
    instanceUuid: text(vm.instanceUuid),
    template: bool(vm.template === true),
    guestId: text(vm.guestId),
    files: data('VirtualMachineFileInfo', {
      vmPathName: text(vm.vmx),
      snapshotDirectory: text(folder),
      suspendDirectory: text(folder),
      logDirectory: text(folder),
    }),
    flags: data('VirtualMachineFlagInfo', { diskUuidEnabled: bool(true) }),
    hardware: data('VirtualHardware', {
      numCPU: int(CPUS),
      numCoresPerSocket: int(1),
      memoryMB: int(MEMORY_MB),
      device: list('VirtualDevice', devices(table, vm)),
    }),
    extraConfig: list('OptionValue', []),
    swapPlacement: text('inherit'),
    keyId: vm.encrypted === true ? cryptoKey() : undefined,
  });
}

function runtimeInfo(vm: WorldVm): Value {
  return data('VirtualMachineRuntimeInfo', {
    host: reference(hostRef(vm.host)),
    connectionState: enumeration(
      'VirtualMachineConnectionState',
      vm.unreadable === true ? 'inaccessible' : 'connected',
    ),
    powerState: enumeration('VirtualMachinePowerState', vm.powerState),
    faultToleranceState: text('notConfigured'),
    toolsInstallerMounted: bool(false),
    question: vm.question === undefined ? undefined : questionInfo(vm.question),
    numMksConnections: int(0),
    consolidationNeeded: bool(vm.consolidationNeeded === true),
  });
}

function questionInfo(question: string): Value {
  const choice = (key: string, label: string): Value =>
    data('ElementDescription', { label: text(label), summary: text(label), key: text(key) });
  return data('VirtualMachineQuestionInfo', {
    id: text('1'),
    text: text(question),
    choice: data('ChoiceOption', {
      choiceInfo: list('ElementDescription', [choice('0', 'Yes'), choice('1', 'No')]),
      defaultIndex: int(0),
    }),
  });
}

function guestInfo(vm: WorldVm): Value {
  const running = vm.powerState === 'poweredOn';
  return data('GuestInfo', {
    ...toolsFields(running),
    guestId: text(vm.guestId),
    guestFamily: text(vm.guestFamily),
    hostName: text(vm.name),
    guestState: text(running ? 'running' : 'notRunning'),
  });
}

/** Snapshots stand in one line: each is the child of the one before. */
function childrenOf(vm: WorldVm, snapshot: WorldSnapshot): readonly WorldSnapshot[] {
  const all = vm.snapshots ?? [];
  const next = all.indexOf(snapshot) + 1;
  return all.slice(next, next + 1);
}

function snapshotInfo(vm: WorldVm): Value | undefined {
  const all = vm.snapshots ?? [];
  const [root] = all;
  const current = all.at(-1);
  if (root === undefined || current === undefined) return undefined;
  return data('VirtualMachineSnapshotInfo', {
    currentSnapshot: reference(snapshotRef(current.id)),
    rootSnapshotList: list('VirtualMachineSnapshotTree', [snapshotTree(vm, root)]),
  });
}

function snapshotTree(vm: WorldVm, snapshot: WorldSnapshot): Value {
  return data('VirtualMachineSnapshotTree', {
    snapshot: reference(snapshotRef(snapshot.id)),
    vm: reference(vmRef(vm.id)),
    name: text(wireName(snapshot.name)),
    description: text(''),
    id: int((vm.snapshots ?? []).indexOf(snapshot) + 1),
    createTime: date(snapshot.createdAt),
    state: enumeration('VirtualMachinePowerState', 'poweredOff'),
    quiesced: bool(snapshot.quiesced),
    childSnapshotList: list(
      'VirtualMachineSnapshotTree',
      childrenOf(vm, snapshot).map((each) => snapshotTree(vm, each)),
    ),
    replaySupported: bool(false),
  });
}

/** The files, and for every disk the chain as it runs now: base first. */
function layout(vm: WorldVm): Value {
  const files: Value[] = [];
  const add = (name: string, type: string, size: bigint): number => {
    const key = files.length;
    files.push(
      data('VirtualMachineFileLayoutExFileInfo', {
        key: int(key),
        name: text(name),
        type: text(type),
        size: long(size),
        uniqueSize: long(size),
        accessible: bool(true),
      }),
    );
    return key;
  };
  add(vm.vmx, 'config', 4096n);
  const disks = vm.disks.map((disk) =>
    data('VirtualMachineFileLayoutExDiskLayout', {
      key: int(diskKey(disk.address)),
      chain: list(
        'VirtualMachineFileLayoutExDiskUnit',
        disk.files.toReversed().map((file) => {
          const keys = [
            add(file, 'diskDescriptor', 512n),
            add(file.replace(/\.vmdk$/, '-flat.vmdk'), 'diskExtent', disk.sizeBytes),
          ];
          return data('VirtualMachineFileLayoutExDiskUnit', { fileKey: list('int', keys.map(int)) });
        }),
      ),
    }),
  );
  const snapshots = (vm.snapshots ?? []).map((snapshot) =>
    data('VirtualMachineFileLayoutExSnapshotLayout', {
      key: reference(snapshotRef(snapshot.id)),
      dataKey: int(add(vm.vmx.replace(/\.vmx$/, `-${snapshot.id}.vmsn`), 'snapshotData', 4096n)),
      memoryKey: int(-1),
    }),
  );
  return data('VirtualMachineFileLayoutEx', {
    file: list('VirtualMachineFileLayoutExFileInfo', files),
    disk: list('VirtualMachineFileLayoutExDiskLayout', disks),
    snapshot: list('VirtualMachineFileLayoutExSnapshotLayout', snapshots),
    timestamp: date(MODIFIED),
  });
}
