import { unreachable } from '../../../src/base/unreachable.ts';
import { deviceKey } from '../../../src/inventory/device.ts';
import type { DeviceKey, Level } from '../../../src/model.ts';
import type { GroupSettings, MemberSettings } from '../../../src/topology/topology.ts';
import type { SimulatedSettings } from '../../doubles/array/array.ts';
import type { Draw } from './draw.ts';

/** What stands in the world before anything happens: arrays, datastores, VMs, and the groups that are snapshotted. */
export interface Estate {
  readonly arrays: readonly { readonly id: string; readonly settings: SimulatedSettings }[];
  readonly datastores: readonly EstateStore[];
  readonly vms: readonly EstateVm[];
  readonly groups: readonly [EstateGroup, ...EstateGroup[]];
}

interface EstateStore {
  readonly name: string;
  readonly devices: readonly DeviceKey[];
}

export interface EstateVm {
  readonly name: string;
  readonly home: string;
  readonly disks: readonly EstateDisk[];
  /** What a hold gives; absent: nobody holds it. */
  readonly gives?: Level;
  readonly boot: 'crash' | 'hold';
}

export interface EstateDisk {
  readonly address: string;
  readonly lies: { readonly on: 'datastore'; readonly store: string } | { readonly on: 'lun'; readonly lun: DeviceKey };
  readonly mount: string;
  /** Its guest's method holds all that is on it. */
  readonly held: boolean;
}

interface EstateGroup {
  readonly settings: GroupSettings;
  /** A run without faults makes a good set. Otherwise something of it cannot be covered, and nothing may ever be fired. */
  readonly sound: boolean;
}

/** Why a group cannot be covered, where it cannot. */
const FLAWS = ['extents-apart', 'not-held', 'on-no-array', 'free-apart'] as const;
type Flaw = (typeof FLAWS)[number];

const GIB = 1n << 30n;
export const DISK_BYTES = 40n * GIB;

export function drawEstate(draw: Draw): Estate {
  const flaw = draw.chance(0.08) ? draw.pick(FLAWS) : undefined;
  const luns = numberedLuns();
  const stores: EstateStore[] = [];
  const arrays = Array.from({ length: draw.between(flaw === undefined ? 1 : 2, 3) }, (_, index) =>
    drawArray(draw, `array${index}`, flaw === 'free-apart' ? 0 : 0.25),
  );
  const carry = (array: number, name: string, lun = luns()): DeviceKey => {
    arrays[array % arrays.length]?.add(name, lun);
    return lun;
  };
  const store = (name: string, ...devices: DeviceKey[]): string => {
    stores.push({ name, devices });
    return name;
  };

  // All free disks of the estate lie here, in one cut unit: what nobody holds is then still cut at one instant.
  const boot =
    flaw === 'extents-apart'
      ? store('BOOT', carry(0, 'boot0'), carry(1, 'boot1'))
      : store('BOOT', carry(flaw === 'free-apart' ? 0 : draw.below(3), 'boot'));
  const otherBoot = flaw === 'free-apart' ? store('BOOT2', carry(1, 'boot2')) : boot;
  store('SPARE', carry(draw.below(3), 'spare'));

  const vms = Array.from(
    { length: flaw === 'free-apart' ? draw.between(2, 4) : draw.pick([1, 1, 2, 2, 3, 4]) },
    (_, index): EstateVm => {
      const name = `vm${index}`;
      const isHeld = index === 0 || flaw === 'free-apart' || draw.chance(0.85);
      const bootHeld = isHeld && flaw !== 'free-apart' && draw.chance(0.3);
      const home = index === 1 ? otherBoot : boot;
      const disks: EstateDisk[] = [
        { address: 'scsi0:0', lies: { on: 'datastore', store: home }, mount: '/', held: bootHeld },
      ];
      for (let unit = 1; isHeld && unit <= draw.between(1, 2); unit += 1) {
        const isLost = flaw === 'on-no-array' && index === 0 && unit === 1;
        const lun = isLost ? luns() : carry(draw.below(3), `${name}_${unit}`);
        const lies =
          isLost || draw.chance(0.5)
            ? ({ on: 'lun', lun } as const)
            : ({ on: 'datastore', store: store(`${name}-${unit}`, lun) } as const);
        const held = !(flaw === 'not-held' && index === 0 && unit === 1);
        disks.push({ address: `scsi0:${unit}`, lies, mount: `/srv/${unit}`, held });
      }
      const gives = draw.pick(['filesystem', 'filesystem', 'application'] as const);
      return { name, home, disks, boot: bootHeld ? 'hold' : 'crash', ...(isHeld ? { gives } : {}) };
    },
  );

  return {
    arrays: arrays.map(({ id, settings }) => ({ id, settings: settings() })),
    datastores: stores,
    vms,
    groups: drawGroups(draw, vms, flaw),
  };
}

function drawArray(draw: Draw, id: string, fencing: number) {
  const volumes: { name: string; device: DeviceKey; sizeBytes: bigint; group?: string }[] = [];
  const isGrouped = draw.chance(0.5);
  const pace = { callMs: draw.between(1, 20), cutMs: draw.between(1, 300), answerMs: draw.between(1, 200) };
  const fences = draw.chance(fencing);
  const lateMs = draw.pick([30_000, 60_000, 120_000]);
  return {
    id,
    add(name: string, device: DeviceKey): void {
      volumes.push({ name, device, sizeBytes: DISK_BYTES, ...(isGrouped ? { group: 'pg' } : {}) });
    },
    settings: (): SimulatedSettings => ({
      volumes,
      ...pace,
      lateMs,
      // Half of them, without drawing: what was drawn for other seeds stays as it was.
      names: isGrouped && pace.cutMs % 2 === 0 ? 'group' : 'volume',
      ...(fences ? { fence: { min: 500, max: 60_000 } } : {}),
    }),
  };
}

/** One or two that share VMs. The first has all, so also the VM where a flaw shows. */
function drawGroups(draw: Draw, vms: readonly EstateVm[], flaw: Flaw | undefined): Estate['groups'] {
  const all = drawGroup(draw, 'mail', vms, flaw);
  if (draw.chance(0.7)) return [all];
  const some = vms.filter(() => draw.chance(0.6));
  return [all, drawGroup(draw, 'hr', some.length === 0 ? vms.slice(-1) : some, flaw)];
}

function drawGroup(draw: Draw, name: string, vms: readonly EstateVm[], flaw: Flaw | undefined): EstateGroup {
  const members = vms.map((vm, place): MemberSettings => {
    const before = vms[place - 1];
    const isFollower = before?.gives !== undefined && vm.gives !== undefined && draw.chance(0.3);
    const optional = place > 0 && draw.chance(0.2);
    return { vm: vm.name, after: isFollower ? [before.name] : [], optional };
  });
  const settings: GroupSettings = {
    name,
    members,
    windowMs: draw.pick([5_000, 8_000, 10_000]),
    longWindow: false,
    weak: draw.chance(0.25) ? 'remove' : 'keep',
    ...(draw.chance(0.85) ? { keep: { last: draw.between(1, 3) } } : {}),
  };
  return { settings, sound: !isFlawed(vms, flaw) };
}

function isFlawed(own: readonly EstateVm[], flaw: Flaw | undefined): boolean {
  const has = (index: number): boolean => own.some(({ name }) => name === `vm${index}`);
  switch (flaw) {
    case undefined:
      return false;
    case 'extents-apart':
      return true;
    case 'free-apart':
      return has(1) && own.length > 1;
    case 'not-held':
    case 'on-no-array':
      return has(0);
    default:
      return unreachable(flaw);
  }
}

/** Every LUN has a name of its own. */
function numberedLuns(): () => DeviceKey {
  let serial = 0;
  return () => {
    const key = deviceKey(`naa.6000000000000000${(serial++).toString(16).padStart(16, '0')}`);
    if (key === undefined) throw new Error('a LUN without a name');
    return key;
  };
}
