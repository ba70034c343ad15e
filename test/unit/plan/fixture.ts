import { z } from 'zod';
import { deviceKey } from '../../../src/inventory/device.ts';
import type {
  CutUnit,
  DeviceKey,
  DiskPlacement,
  Placement,
  Plan,
  ProbeReport,
  VmPlacement,
  Volume,
} from '../../../src/model.ts';
import { buildPlan, type PlanInputs } from '../../../src/plan/build.ts';
import type { ArrayTraits } from '../../../src/ports.ts';
import { parseTopology } from '../../../src/topology/read.ts';
import type { GroupSettings, Topology } from '../../../src/topology/topology.ts';

const GIB = 1n << 30n;
export const BOOT = lun('b0');
export const DATA = lun('a1');
export const OTHER = lun('c2');

/** mail01: `/` on the datastore VMFS-BOOT (array bulk), /srv/mail on a raw LUN (array fast); all is well. */
export interface Scene {
  readonly yaml?: string;
  readonly vm?: Partial<VmPlacement>;
  readonly probe?: Partial<ProbeReport> | null;
  readonly extents?: readonly DeviceKey[];
  readonly volumes?: ReadonlyMap<DeviceKey, Volume>;
  readonly units?: readonly CutUnit[];
  readonly traits?: Partial<ArrayTraits>;
  readonly change?: Partial<PlanInputs>;
}

const YAML = `
version: 1
arrays: { fast: { driver: any }, bulk: { driver: any } }
tiers:
  tier-1: { arrays: [fast], expect: [rdm] }
  tier-2: { arrays: [bulk], expect: [vmfs] }
vms:
  mail01: { ssh: { host: mail01 }, quiesce: { method: fsfreeze }VM }
groups:
  mail: { vms: [mail01], window: 8sGROUP }
`;

/** @param vm more keys of the VM, with a leading comma; @param group likewise of the group */
export function yaml(vm = '', group = ''): string {
  return YAML.replace('VM', vm).replace('GROUP', group);
}

export function inputs(scene: Scene = {}): PlanInputs {
  const { topology, group } = topologyOf(scene.yaml ?? yaml());
  const placement = placementOf(scene);
  const volumes =
    scene.volumes ??
    new Map([
      [DATA, volume('fast', 'mail_db')],
      [BOOT, volume('bulk', 'vmfs_boot')],
    ]);
  const units = scene.units ?? [...volumes.values()].map(unitOf);
  const traits: ArrayTraits = {
    make: 'any',
    parallel: 1,
    maxGroup: 1,
    lateMs: 1000,
    answers: 'cut',
    tells: { id: true, time: true },
    forecastMs: 100,
    ...scene.traits,
  };
  return {
    topology,
    group,
    placement,
    volumes,
    units,
    traits: new Map([...topology.arrays.keys()].map((id) => [id, traits])),
    probes: new Map(scene.probe === null ? [] : [['mail01', [{ ...probe, ...scene.probe }]]]),
    unreachable: new Map(),
    ground: { biosUuids: [], hosts: new Map() },
    ...scene.change,
  };
}

export function plan(scene: Scene = {}): Plan {
  return buildPlan(inputs(scene));
}

/** Codes of the findings that stop the plan. */
export function stopCodes(scene: Scene): readonly string[] {
  return plan(scene)
    .findings.filter(({ severity }) => severity === 'error')
    .map(({ code }) => code);
}

export const probe: ProbeReport = {
  method: 'fsfreeze',
  gives: 'filesystem',
  disks: [
    { name: 'sda', serial: '6000c29a000000000000000000000001', sizeBytes: 40n * GIB },
    { name: 'sdb', wwn: DATA, sizeBytes: 100n * GIB },
  ],
  uses: [
    { what: '/', kind: 'mount', fsType: 'ext4', disks: ['sda'], held: false },
    { what: '/srv/mail', kind: 'mount', fsType: 'xfs', disks: ['sdb'], held: true },
  ],
  findings: [],
  summary: '',
};

export const bootDisk: DiskPlacement = {
  address: 'scsi0:0',
  key: 2000,
  label: 'Hard disk 1',
  kind: 'vmfs',
  sizeBytes: 40n * GIB,
  uuid: '6000C29a-0000-0000-0000-000000000001',
  sharing: 'none',
  files: ['[VMFS-BOOT] mail01/mail01.vmdk'],
  data: [BOOT],
  metadata: [],
};

export const dataDisk: DiskPlacement = {
  address: 'scsi0:1',
  key: 2001,
  label: 'Hard disk 2',
  kind: 'rdm-physical',
  sizeBytes: 100n * GIB,
  sharing: 'none',
  files: ['[VMFS-BOOT] mail01/mail01_1.vmdk'],
  data: [DATA],
  metadata: [BOOT],
};

export function volume(array: string, name: string): Volume {
  return { array, id: `${array}-${name}`, name, sizeBytes: 100n * GIB, container: name };
}

export function unitOf(member: Volume): CutUnit {
  return { array: member.array, id: `unit-${member.id}`, volumes: [member], alsoCaptures: [] };
}

export function topologyOf(text: string): { topology: Topology; group: GroupSettings } {
  const makes = {
    arrays: { any: z.strictObject({}) },
    methods: { fsfreeze: z.strictObject({}), none: z.strictObject({}), script: z.strictObject({}) },
  };
  const { topology, findings } = parseTopology(text, '/etc/stillpoint.yaml', makes);
  const group = topology?.groups.get('mail');
  if (topology === undefined || group === undefined) throw new Error(findings.map(({ message }) => message).join('\n'));
  return { topology, group };
}

function placementOf({ vm, extents = [BOOT] }: Scene): Placement {
  const mail01: VmPlacement = {
    vm: 'mail01',
    ref: 'VirtualMachine:vm-1',
    path: '/DC1/vm/mail01',
    instanceUuid: '5030',
    biosUuid: '4230',
    powerState: 'poweredOn',
    changeVersion: '1',
    encrypted: false,
    home: { file: '[VMFS-BOOT] mail01/mail01.vmx', devices: extents },
    disks: [{ ...bootDisk, data: extents }, dataDisk],
    snapshots: [],
    ...vm,
  };
  const datastore = {
    name: 'VMFS-BOOT',
    ref: 'Datastore:1',
    kind: 'vmfs' as const,
    devices: extents,
    vms: ['mail01', 'web07'],
  };
  return { takenAt: '', source: '', vms: [mail01], datastores: [datastore], findings: [] };
}

function lun(end: string): DeviceKey {
  const key = deviceKey(`naa.600000000000000000000000000000${end}`);
  if (key === undefined) throw new Error('no device');
  return key;
}
