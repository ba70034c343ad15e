import type { DeviceKey, VmName } from '../../../src/model.ts';
import { type SimulatedArray, simulatedArray } from '../../doubles/array/array.ts';
import { type SimulatedGuest, type SimulatedQuiescer, simulated } from '../../doubles/guest.ts';
import { type HandClock, handClock } from '../hand-clock.ts';
import { type Chronicle, emptyChronicle } from './chronicle.ts';
import type { Draw } from './draw.ts';
import { DISK_BYTES, type Estate, type EstateVm } from './estate.ts';
import { type Vsphere, vsphere } from './vsphere.ts';

/** The machines of the estate, with their truth. Controllers come and go; this stays. */
export interface World {
  readonly estate: Estate;
  readonly clock: HandClock;
  readonly arrays: readonly SimulatedArray[];
  readonly guests: ReadonlyMap<VmName, WorldGuest>;
  readonly vsphere: Vsphere;
  readonly chronicle: Chronicle;
}

export interface WorldGuest {
  readonly vm: EstateVm;
  readonly quiescer: SimulatedQuiescer;
  /** What befalls it from now on. */
  behave(how: SimulatedGuest): void;
}

type Changing<T> = { -readonly [K in keyof T]: T[K] };

export function worldOf(estate: Estate, draw: Draw): World {
  const clock = handClock();
  const chronicle = emptyChronicle();
  const arrays = estate.arrays.map(({ id, settings }) => {
    const array = simulatedArray(id, settings, clock);
    array.onCut((cut) => void chronicle.cuts.push({ array: id, ...cut }));
    return array;
  });
  const guests = new Map(
    estate.vms.flatMap((vm): readonly [VmName, WorldGuest][] => {
      if (vm.gives === undefined) return [];
      const usual: SimulatedGuest = {
        gives: vm.gives,
        ...probed(vm),
        latencyMs: draw.between(1, 20),
        holdTakesMs: draw.between(1, 200),
        releaseTakesMs: draw.between(1, 300),
      };
      const now: Changing<SimulatedGuest> = { ...usual };
      const behave = (how: SimulatedGuest): void => {
        for (const key of [
          'fails',
          'wordDelayMs',
          'letsGoAfterMs',
          'writtenAfterMs',
          'lineLostAfterMs',
          'lineEnds',
        ] as const) {
          delete now[key];
        }
        Object.assign(now, usual, how);
      };
      return [[vm.name, { vm, quiescer: simulated(clock, now), behave }]];
    }),
  );
  return { estate, clock, arrays, guests, vsphere: vsphere(estate, clock), chronicle };
}

/** What the guest's kernel shows: the disks by their SCSI address, and a file system on each. */
function probed(vm: EstateVm): Pick<SimulatedGuest, 'disks' | 'uses'> {
  return {
    disks: vm.disks.map((_, index) => ({
      name: `sd${'abcdef'.charAt(index)}`,
      scsi: { host: 0, target: index, lun: 0 },
      sizeBytes: DISK_BYTES,
    })),
    uses: vm.disks.map(({ mount, held }, index) => ({
      what: mount,
      kind: 'mount' as const,
      fsType: 'ext4',
      disks: [`sd${'abcdef'.charAt(index)}`],
      held,
    })),
  };
}

/** The ids of the volumes that carry a disk's bytes, by what the world knows. */
export function volumesOf(world: World, devices: readonly DeviceKey[]): readonly string[] {
  return world.arrays.flatMap(({ volumes }) =>
    volumes.filter(({ device }) => devices.includes(device)).map(({ id }) => id),
  );
}
