import { byteOrders } from '../base/bios-uuid.ts';
import {
  type CutUnit,
  type DeviceKey,
  diskName,
  type Finding,
  type Placement,
  type ProbeReport,
  type VmPlacement,
  type Volume,
} from '../model.ts';
import type { GroupSettings, Topology, VmSettings } from '../topology/topology.ts';
import { includedDisks } from './needs.ts';

/**
 * All extents of a datastore must lie in one cut unit: no guest's hold stills ESXi, which writes VMFS metadata on all
 * of them (I8).
 */
export function extentFindings(
  placement: Placement,
  topology: Topology,
  volumes: ReadonlyMap<DeviceKey, Volume>,
  units: readonly CutUnit[],
): readonly Finding[] {
  const used = new Set(
    placement.vms.flatMap((vm) => [
      ...vm.home.devices,
      ...includedDisks(vm, topology).flatMap((disk) => [...disk.data, ...disk.metadata]),
    ]),
  );
  return placement.datastores
    .filter((store) => store.devices.some((device) => used.has(device)))
    .flatMap((store) => {
      const extents = store.devices.map((device) => ({ device, volume: volumes.get(device) }));
      const homes = new Set(extents.map(({ volume }) => units.find((unit) => isMember(unit, volume))?.id));
      if (homes.size <= 1) return [];
      const where = extents.map(({ device, volume }) =>
        volume === undefined ? device : `${volume.array}: ${volume.name}`,
      );
      return [
        {
          code: 'plan.extents-apart',
          severity: 'error' as const,
          subject: `datastore ${store.name}`,
          message: `its extents (${where.join(', ')}) are not cut at one instant, and ESXi writes to all of them: the copy could be torn inside VMFS`,
          hint: 'Put the volumes into one consistency group on one array, or move the VMs off this datastore.',
        },
      ];
    });
}

/**
 * Every VM of the group is there, every disk's bytes lie on something, every volume is cut exactly once (I8). Whoever
 * answered wrong says so as a rule; this is the last look, and believes nobody.
 */
export function partialFindings(
  group: GroupSettings,
  placement: Placement,
  topology: Topology,
  volumes: ReadonlyMap<DeviceKey, Volume>,
  units: readonly CutUnit[],
): readonly Finding[] {
  const errors = placement.findings.filter(({ severity }) => severity === 'error');
  const refused = new Set(errors.map(({ subject }) => subject));
  const absent = group.members.filter(({ vm }) => placement.vms.every((there) => there.vm !== vm) && !refused.has(vm));
  const nowhere = placement.vms.flatMap((vm) =>
    includedDisks(vm, topology)
      .filter(({ data }) => data.length === 0)
      .map(({ address }) => diskName({ vm: vm.vm, disk: address })),
  );
  const uncut = [...new Map([...volumes.values()].map((volume) => [`${volume.array} ${volume.id}`, volume])).values()]
    .map((volume) => ({ volume, times: units.filter((unit) => isMember(unit, volume)).length }))
    .filter(({ times }) => times !== 1);
  return [
    ...absent.map(({ vm }) => partial(vm, 'vSphere told nothing of it')),
    ...nowhere.map((subject) => partial(subject, 'it lies on no LUN and no export that vSphere names')),
    ...uncut.map(({ volume: { array, name }, times }) =>
      partial(`array ${array}`, `its volume ${name} would be cut ${times === 0 ? 'by nothing' : `${times} times`}`),
    ),
  ];
}

function partial(subject: string, message: string): Finding {
  const hint = 'Run `stillpoint check`: what it says of vSphere and of the arrays may tell why.';
  return { code: 'plan.partial', severity: 'error', subject, message: `${message}: the set would be incomplete`, hint };
}

function isMember(unit: CutUnit, volume: Volume | undefined): boolean {
  return unit.volumes.some((member) => member.array === volume?.array && member.id === volume.id);
}

/** Codes that a VM's own settings turn from a refusal into a warning. */
function isAllowed(code: string, settings: VmSettings | undefined): boolean {
  if (code === 'vsphere.encrypted') return settings?.encrypted === 'accepted';
  if (code === 'vsphere.vmware-snapshot') return settings?.allow.includes('vmware-snapshot') === true;
  return false;
}

/**
 * What vSphere says against the VMs, with what the topology accepts, and without what is said of a disk that is left
 * out anyway. The subject is the VM, or the VM and the address of a disk.
 */
export function acceptedFindings(findings: readonly Finding[], topology: Topology): readonly Finding[] {
  return findings.flatMap((finding): readonly Finding[] => {
    // A name may have spaces, and begin with another VM's.
    const [settings] = [...topology.vms.values()]
      .filter(({ name }) => finding.subject === name || finding.subject.startsWith(`${name} `))
      .sort((a, b) => b.name.length - a.name.length);
    const disk = finding.subject.slice((settings?.name.length ?? 0) + 1);
    if (settings?.exclude.some((excluded) => excluded.disk === disk) === true) return [];
    if (finding.severity !== 'error' || !isAllowed(finding.code, settings)) return [finding];
    const { hint: _accepted, ...rest } = finding;
    return [{ ...rest, severity: 'warning' }];
  });
}

/** Where this process itself stands: to hold that still would be to hold ourselves. */
export interface OwnGround {
  /** DMI product uuids of this machine, both byte orders, lower case. */
  readonly biosUuids: readonly string[];
  /** Hosts that a run depends on while guests are held, with what each is: 'vCenter', 'array fast', 'jump host'. */
  readonly hosts: ReadonlyMap<string, string>;
}

export function groundFindings(placement: Placement, topology: Topology, ground: OwnGround): readonly Finding[] {
  return placement.vms.flatMap((vm) => {
    const settings = topology.vms.get(vm.vm);
    if (settings === undefined || settings.quiesce.every(({ method }) => method === 'none')) return [];
    const role = ground.biosUuids.includes(vm.biosUuid.toLowerCase())
      ? 'the machine that Stillpoint runs on'
      : ground.hosts.get(settings.ssh?.host.toLowerCase() ?? '');
    if (role === undefined) return [];
    return [
      {
        code: 'plan.own-ground',
        severity: 'error' as const,
        subject: vm.vm,
        message: `it is ${role}: freezing it would block its own release`,
        hint: 'Run Stillpoint elsewhere, or take this VM with `quiesce: none`.',
      },
    ];
  });
}

/** A login that leads to another machine would hold that one still, while this one's disks are cut. */
export function identityFindings(vm: VmPlacement, probes: readonly ProbeReport[]): readonly Finding[] {
  const other = probes.find(
    ({ biosUuid }) => biosUuid !== undefined && vm.biosUuid !== '' && !byteOrders(biosUuid).includes(vm.biosUuid),
  );
  if (other === undefined) return [];
  return [
    {
      code: 'plan.other-machine',
      severity: 'error',
      subject: vm.vm,
      message: `its login reaches another machine: that one's DMI uuid is ${other.biosUuid}, and vSphere's of this VM ${vm.biosUuid}`,
      hint: 'Correct `ssh` of the VM, or which VM is meant (`vm`).',
    },
  ];
}
