import type { Clock } from '../../../src/base/clock.ts';
import type { DeviceKey, DiskPlacement, Finding, Placement, VmName, VmPlacement } from '../../../src/model.ts';
import { DISK_BYTES, type Estate, type EstateDisk, type EstateVm } from './estate.ts';

/** What vSphere knows, and what it has done: disks that it moved, with their times. */
export interface Vsphere {
  /** The datastores and LUNs as they are at this moment. */
  placement(vms: readonly VmName[]): Placement;
  /** Storage vMotion of one disk to datastore SPARE: the guest's bytes lie there when it is over. */
  move(vm: VmName, address: string, takesMs: number): void;
  /** Relocate tasks that ran at `since` or later, on the world's clock. */
  disturbances(refs: readonly string[], sinceMs: number): readonly Finding[];
  /** Where the disk's bytes lay at that time. */
  lay(vm: VmName, address: string, atMs: number): readonly DeviceKey[];
}

interface Move {
  readonly vm: VmName;
  readonly address: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

export function vsphere(estate: Estate, clock: Clock): Vsphere {
  const moves: Move[] = [];

  function storeAt(vm: VmName, disk: EstateDisk, atMs: number): string | undefined {
    if (disk.lies.on === 'lun') return undefined;
    const isMoved = moves.some((move) => move.vm === vm && move.address === disk.address && move.untilMs <= atMs);
    return isMoved ? 'SPARE' : disk.lies.store;
  }
  function devicesOn(store: string | undefined): readonly DeviceKey[] {
    return estate.datastores.find(({ name }) => name === store)?.devices ?? [];
  }
  function dataAt(vm: VmName, disk: EstateDisk, atMs: number): readonly DeviceKey[] {
    return disk.lies.on === 'lun' ? [disk.lies.lun] : devicesOn(storeAt(vm, disk, atMs));
  }

  function placementOf(vm: EstateVm): VmPlacement {
    const home = devicesOn(vm.home);
    return {
      vm: vm.name,
      ref: `VirtualMachine:${vm.name}`,
      path: `/DC1/vm/${vm.name}`,
      instanceUuid: `50-${vm.name}`,
      biosUuid: `42-${vm.name}`,
      powerState: 'poweredOn',
      changeVersion: '1',
      encrypted: false,
      home: { file: `[${vm.home}] ${vm.name}/${vm.name}.vmx`, devices: home },
      disks: vm.disks.map((disk, index): DiskPlacement => {
        const store = storeAt(vm.name, disk, clock.now());
        return {
          address: disk.address,
          key: 2000 + index,
          label: `Hard disk ${index + 1}`,
          kind: store === undefined ? 'rdm-physical' : 'vmfs',
          sizeBytes: DISK_BYTES,
          sharing: 'none',
          files: [`[${store ?? vm.home}] ${vm.name}/${vm.name}_${index}.vmdk`],
          data: dataAt(vm.name, disk, clock.now()),
          metadata: store === undefined ? home : [],
        };
      }),
      snapshots: [],
    };
  }

  return {
    placement: (wanted) => ({
      takenAt: clock.date().toISOString(),
      source: 'simulated vSphere',
      vms: estate.vms.filter(({ name }) => wanted.includes(name)).map(placementOf),
      datastores: estate.datastores.map(({ name, devices }) => ({
        name,
        ref: `Datastore:${name}`,
        kind: 'vmfs',
        devices,
        vms: estate.vms.filter(({ home }) => home === name).map((vm) => vm.name),
      })),
      findings: [],
    }),
    move(vm, address, takesMs) {
      moves.push({ vm, address, fromMs: clock.now(), untilMs: clock.now() + takesMs });
    },
    disturbances: (refs, sinceMs) =>
      moves
        .filter(({ vm, untilMs, fromMs }) => {
          return refs.includes(`VirtualMachine:${vm}`) && untilMs >= sinceMs && fromMs <= clock.now();
        })
        // One that has ended is only doubtful: where the disks lie now says what it moved.
        .map(({ vm, untilMs }) => ({
          code: 'disturbed-relocate',
          severity: untilMs > clock.now() ? 'error' : 'warning',
          subject: vm,
          message: 'a relocate ran meanwhile',
        })),
    lay(vm, address, atMs) {
      const disk = estate.vms.find(({ name }) => name === vm)?.disks.find((one) => one.address === address);
      return disk === undefined ? [] : dataAt(vm, disk, atMs);
    },
  };
}
