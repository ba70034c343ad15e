import type { WorldTable, WorldVm } from '../../../../src/demo/table.ts';
import { naaOf, type VmOrder } from './orders.ts';

/** The disk whose datastore is the VM's home. */
const HOME = 'scsi0:0';
const MIB = 1024 ** 2;

/** What vCenter knows of these VMs. */
export function tableOf(orders: readonly VmOrder[]): WorldTable {
  const disks = orders.flatMap((vm) =>
    vm.disks.map((disk) => ({ vm: vm.name, disk, naa: naaOf(orders, vm.name, disk) })),
  );
  const luns = disks.map(({ naa, disk }) => ({
    naa,
    sizeBytes: BigInt((disk.sizeMb ?? 64) * MIB),
    vendor: 'LIO-ORG',
    model: disk.array,
  }));
  const hosts = [
    { id: 'host-1', name: 'esx1.test', luns: luns.map(({ naa }, number) => ({ naa, number: number + 1 })) },
  ];
  return {
    about: {
      product: 'vcenter',
      version: '8.0.3',
      build: '24022515',
      apiVersion: '8.0.3.0',
      instanceUuid: '4f98d1ca-7359-4083-ac0b-2f1a7efea30c',
    },
    datacenter: 'Lab',
    hosts,
    luns,
    datastores: disks
      .filter(({ disk }) => disk.address === HOME)
      .map(({ vm, naa }, index) => ({
        id: `datastore-${index + 1}`,
        kind: 'vmfs' as const,
        name: `VMFS-${vm}`,
        hosts: ['host-1'],
        extents: [naa],
      })),
    vms: orders.map((order, index) => vmOf(order, index, orders)),
  };
}

function vmOf({ name, disks }: VmOrder, index: number, orders: readonly VmOrder[]): WorldVm {
  const tail = String(index + 1).padStart(12, '0');
  const home = `[VMFS-${name}] ${name}/${name}`;
  return {
    id: `vm-${index + 1}`,
    name,
    folder: [],
    host: 'host-1',
    vmx: `${home}.vmx`,
    instanceUuid: `50200000-0000-4000-8000-${tail}`,
    biosUuid: `42000000-0000-4000-8000-${tail}`,
    powerState: 'poweredOn',
    guestId: 'debian12_64Guest',
    guestFamily: 'linuxGuest',
    changeVersion: '2026-11-01T00:00:00.000001Z',
    disks: disks.map((disk, nth) => {
      const sizeBytes = BigInt((disk.sizeMb ?? 64) * MIB);
      if (disk.address === HOME) return { kind: 'file', address: disk.address, sizeBytes, files: [`${home}.vmdk`] };
      const naa = naaOf(orders, name, disk);
      return { kind: 'rdm-physical', address: disk.address, sizeBytes, naa, files: [`${home}_${nth}.vmdk`] };
    }),
  };
}
