import type { DeviceKey, DiskPlacement, Placement, VmPlacement } from '../model.ts';
import type { Topology } from '../topology/topology.ts';

/** A device of the group, and what it is needed for, in words. */
export interface Need {
  readonly device: DeviceKey;
  /** 'mail01 scsi0:1 (physical RDM)', 'mail01 home (datastore VMFS-BOOT)' */
  readonly neededBy: readonly string[];
}

/**
 * Every device that must be cut so that the group's VMs can be brought back: where their disks' bytes lie, the mapping
 * files of RDMs, the homes. An excluded disk needs nothing.
 */
export function neededDevices(placement: Placement, topology: Topology): readonly Need[] {
  const needs = new Map<DeviceKey, string[]>();
  const need = (device: DeviceKey, what: string): void => {
    const by = needs.get(device) ?? [];
    needs.set(device, by);
    if (!by.includes(what)) by.push(what);
  };
  for (const vm of placement.vms) {
    for (const device of vm.home.devices) need(device, `${vm.vm} home (${whereOf(device, placement)})`);
    for (const disk of includedDisks(vm, topology)) {
      const what = `${vm.vm} ${disk.address} (${diskWhere(disk, placement)})`;
      for (const device of [...disk.data, ...disk.metadata]) need(device, what);
    }
  }
  return [...needs].map(([device, neededBy]) => ({ device, neededBy }));
}

export function includedDisks(vm: VmPlacement, topology: Topology): readonly DiskPlacement[] {
  const excluded = new Set(topology.vms.get(vm.vm)?.exclude.map(({ disk }) => disk) ?? []);
  return vm.disks.filter((disk) => !excluded.has(disk.address));
}

/** 'physical RDM', 'virtual RDM', 'datastore VMFS-BOOT', 'datastores A, B' */
export function diskWhere(disk: DiskPlacement, placement: Placement): string {
  if (disk.kind === 'rdm-physical') return 'physical RDM';
  if (disk.kind === 'rdm-virtual') return 'virtual RDM';
  const names = placement.datastores.filter((store) => store.devices.some((device) => disk.data.includes(device)));
  const noun = names.length === 1 ? 'datastore' : 'datastores';
  return `${noun} ${names.map(({ name }) => name).join(', ')}`;
}

function whereOf(device: DeviceKey, placement: Placement): string {
  const store = placement.datastores.find(({ devices }) => devices.includes(device));
  return store === undefined ? device : `datastore ${store.name}`;
}
