import { type DeviceKey, diskName, type Finding, type Placement, type Volume } from '../model.ts';
import type { Topology } from '../topology/topology.ts';
import { includedDisks } from './needs.ts';

/** vSphere counts in KiB at times, and a target may leave out a last part of a block. */
const ROUNDING_BYTES = 1n << 20n;

/**
 * What vSphere says of a size, against what the array says of the volume that is taken for it. A smaller volume cannot be
 * the one: its snapshots would lack what the guest has written, so it stops the plan. A larger one is as a rule the
 * right one, grown on the array and not yet in vSphere, and its snapshots hold everything: worth a warning. Where
 * either side tells no size, nothing is said.
 */
export function sizeFindings(
  placement: Placement,
  topology: Topology,
  volumes: ReadonlyMap<DeviceKey, Volume>,
): readonly Finding[] {
  const raw = placement.vms.flatMap((vm) =>
    includedDisks(vm, topology).flatMap((disk) => {
      const [lun] = disk.data;
      const volume = disk.kind.startsWith('rdm') && lun !== undefined ? volumes.get(lun) : undefined;
      if (volume === undefined || volume.sizeBytes === 0n || disk.sizeBytes === 0n) return [];
      const subject = diskName({ vm: vm.vm, disk: disk.address });
      if (volume.sizeBytes < disk.sizeBytes) return [tooSmall(subject, disk.sizeBytes, [volume])];
      return volume.sizeBytes - disk.sizeBytes < ROUNDING_BYTES ? [] : [larger(subject, disk.sizeBytes, volume)];
    }),
  );
  const stores = placement.datastores.flatMap(({ name, devices, sizeBytes = 0n }) => {
    const under = devices.flatMap((device) => volumes.get(device) ?? []);
    const known = under.length === devices.length && under.every((volume) => volume.sizeBytes > 0n);
    const sum = under.reduce((bytes, volume) => bytes + volume.sizeBytes, 0n);
    return known && sum < sizeBytes ? [tooSmall(`datastore ${name}`, sizeBytes, under)] : [];
  });
  return [...raw, ...stores];
}

function tooSmall(subject: string, sizeBytes: bigint, volumes: readonly Volume[]): Finding {
  const named = volumes.map(({ array, name, sizeBytes: bytes }) => `${array}: ${name} (${bytes} bytes)`).join(', ');
  return {
    code: 'plan.volume-too-small',
    severity: 'error',
    subject,
    message: `vSphere says ${sizeBytes} bytes, and what is taken for it on the array is smaller: ${named}`,
    hint: 'It is another volume: correct the entry under `volumes`. Or the array is understood wrong: see its `list` and `size`.',
  };
}

function larger(subject: string, sizeBytes: bigint, { array, name, sizeBytes: bytes }: Volume): Finding {
  return {
    code: 'plan.volume-larger',
    severity: 'warning',
    subject,
    message: `vSphere says ${sizeBytes} bytes, and its volume on the array is larger: ${array}: ${name} (${bytes} bytes)`,
    hint: 'Was it grown on the array? Then rescan the storage of the hosts. Else look whether it is another volume.',
  };
}
