import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { deadline } from '../../../src/base/deadline.ts';
import { createDriver, createMethod, makes } from '../../../src/cli/makes.ts';
import { deviceKey } from '../../../src/inventory/device.ts';
import type {
  DeviceKey,
  DiskPlacement,
  GuestUse,
  Placement,
  ProbeReport,
  VmPlacement,
  Volume,
} from '../../../src/model.ts';
import { buildPlan, stops } from '../../../src/plan/build.ts';
import { parseTopology } from '../../../src/topology/read.ts';
import type { Topology, VmSettings, VolumeSettings } from '../../../src/topology/topology.ts';
import { nowhere } from '../../fixtures/outside.ts';

const EXAMPLES = new URL('../../../examples/', import.meta.url);
const ENV = { VC_PASSWORD: 'x', GOVC_PASSWORD: 'x', LAB_PASSWORD: 'x', HOME: '/root' };
const GIB = 1n << 30n;

/** Each example in a world that is as its comments say: data LUNs of their VM, everything else datastores. */
describe('every example can be planned as it stands', () => {
  test.each([
    ['minimal', 'app', 'filesystem'],
    ['two-tier', 'mail', 'filesystem'],
    ['small-shop', 'all', 'filesystem'],
    ['ceph-command', 'db', 'filesystem'],
    ['lab', 'pair', 'filesystem'],
    ['demo', 'demo', 'filesystem'],
  ])('%s: group %s reaches %s', async (name, groupName, best) => {
    const file = fileURLToPath(new URL(`${name}.yaml`, EXAMPLES));
    const { topology, findings } = parseTopology(readFileSync(file, 'utf8'), file, makes, { env: ENV });
    const group = topology?.groups.get(groupName);
    if (topology === undefined || group === undefined)
      throw new Error(findings.map(({ message }) => message).join('\n'));

    const volumes = new Map(topology.volumes.map((entry) => [keyOf(entry), volumeOf(entry)] as const));
    const limit = deadline(systemClock, 10_000, 'the test');
    const drivers = await Promise.all(
      [...topology.arrays.values()].map(({ id, driver, settings }) =>
        createDriver(driver, id, settings, nowhere(systemClock), []),
      ),
    );
    const units = await Promise.all(
      drivers.map((driver) =>
        driver.group(
          [...volumes.values()].filter(({ array }) => array === driver.id),
          limit,
        ),
      ),
    );
    limit.done();
    const members = group.members.flatMap(({ vm }) => topology.vms.get(vm) ?? []);
    const plan = buildPlan({
      topology,
      group,
      placement: placementOf(members, topology),
      volumes,
      units: units.flat(),
      traits: new Map(drivers.map((driver) => [driver.id, driver.traits])),
      probes: new Map(await Promise.all(members.map(async (vm) => [vm.name, await probesOf(vm, topology)] as const))),
      unreachable: new Map(),
      ground: { biosUuids: [], hosts: new Map() },
    });
    expect(stops(plan).map(({ subject, message }) => `${subject}: ${message}`)).toEqual([]);
    expect(plan.best).toBe(best);
  });
});

function placementOf(members: readonly VmSettings[], topology: Topology): Placement {
  const boot = topology.volumes.filter((entry) => owner(entry, topology) === undefined).map(keyOf);
  const vms = members.map((vm, index): VmPlacement => {
    const data = dataOf(vm, topology).map((entry, number) => disk(number + 1, 'rdm-physical', [keyOf(entry)], boot));
    return {
      vm: vm.name,
      ref: `VirtualMachine:vm-${index}`,
      path: `/DC1/vm/${vm.name}`,
      instanceUuid: `50-${index}`,
      biosUuid: `42-${index}`,
      powerState: 'poweredOn',
      changeVersion: '1',
      encrypted: false,
      home: { file: `[ds] ${vm.name}.vmx`, devices: boot },
      disks: [{ ...disk(0, 'vmfs', boot, []), uuid: `6000c29a-0000-0000-0000-0000000000${10 + index}` }, ...data],
      snapshots: [],
    };
  });
  const name = topology.volumes.find(({ vmfs }) => vmfs !== undefined)?.vmfs ?? 'ds';
  return {
    takenAt: '',
    source: '',
    vms,
    datastores: [{ name, ref: 'Datastore:1', kind: 'vmfs', devices: boot, vms: [] }],
    findings: [],
  };
}

function disk(
  number: number,
  kind: DiskPlacement['kind'],
  data: readonly DeviceKey[],
  metadata: readonly DeviceKey[],
): DiskPlacement {
  return {
    address: `scsi0:${number}`,
    key: 2000 + number,
    label: `Hard disk ${number + 1}`,
    kind,
    sizeBytes: GIB,
    sharing: 'none',
    files: [],
    data,
    metadata,
  };
}

function probesOf(vm: VmSettings, topology: Topology): Promise<ProbeReport[]> {
  const stages = vm.quiesce.flatMap(({ method }, stage) => (method === 'none' ? [] : [stage]));
  return Promise.all(stages.map((stage) => probeOf(vm, stage, topology)));
}

/** `/` on sda; the data disks under the mounts that the file names, or that `auto` would find. */
async function probeOf(vm: VmSettings, stage: number, topology: Topology): Promise<ProbeReport> {
  const { method, settings } = vm.quiesce[stage] ?? { method: '', settings: {} };
  const made = await createMethod(method, settings, {
    ...nowhere(systemClock),
    placement: () => Promise.reject(new Error('nobody is asked')),
    excluded: new Set(),
  });
  const gives = made?.kind === 'hold' ? made.quiescer.gives : 'crash';
  const named = vm.quiesce.flatMap((each) =>
    Array.isArray(each.settings.mounts)
      ? each.settings.mounts.filter((path): path is string => typeof path === 'string' && path !== '/')
      : [],
  );
  const wanted = Array.isArray(settings.mounts) ? settings.mounts : undefined;
  const holds = (path: string): boolean =>
    method === 'fsfreeze' && (wanted === undefined ? path !== '/' : wanted.includes(path));
  const luns = dataOf(vm, topology);
  const uses = luns.map((_, index): GuestUse => {
    const path = named[index] ?? `/srv/data${index}`;
    return { what: path, kind: 'mount', fsType: 'xfs', disks: [`sd${index + 1}`], held: holds(path) };
  });
  const index = [...topology.vms.keys()].indexOf(vm.name);
  return {
    method,
    gives,
    disks: [
      { name: 'sd0', serial: `6000c29a0000000000000000000000${10 + index}` },
      ...luns.map((entry, number) => ({ name: `sd${number + 1}`, wwn: keyOf(entry) })),
    ],
    uses: [{ what: '/', kind: 'mount', fsType: 'ext4', disks: ['sd0'], held: holds('/') }, ...uses],
    findings: [],
    summary: '',
  };
}

function dataOf(vm: VmSettings, topology: Topology): readonly VolumeSettings[] {
  return topology.volumes.filter((entry) => owner(entry, topology) === vm.name);
}

/** By its name, else in the order of the file; undefined: a datastore's. */
function owner(entry: VolumeSettings, topology: Topology): string | undefined {
  const vms = [...topology.vms.keys()];
  const named = (volume: VolumeSettings): string | undefined =>
    vms.find((vm) => volume.name.split('/').at(-1)?.startsWith(vm));
  const isRaw = (volume: VolumeSettings): boolean =>
    volume.rdm === true ||
    named(volume) !== undefined ||
    [...topology.tiers.values()].some(
      ({ arrays, expect: kinds }) => kinds.includes('rdm') && arrays.includes(volume.array ?? ''),
    );
  if (!isRaw(entry)) return undefined;
  return named(entry) ?? vms[topology.volumes.filter(isRaw).indexOf(entry)];
}

function keyOf(entry: VolumeSettings): DeviceKey {
  const key = entry.device.kind === 'lun' ? deviceKey(entry.device.id) : undefined;
  if (key === undefined) throw new Error(`${entry.name} is no LUN`);
  return key;
}

function volumeOf({ array = '', name }: VolumeSettings): Volume {
  return { array, id: name, name, sizeBytes: GIB, container: name };
}
