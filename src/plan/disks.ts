import { defined } from '../base/defined.ts';
import {
  type CutUnit,
  type DeviceKey,
  type DiskPlacement,
  diskName,
  type Finding,
  type Placement,
  type PlannedDisk,
  type ProbeReport,
  type VmPlacement,
  type Volume,
} from '../model.ts';
import { expectedKind, type Topology, type VmSettings } from '../topology/topology.ts';
import type { Coverage } from './coverage.ts';
import { diskWhere, includedDisks } from './needs.ts';

interface Ground {
  readonly topology: Topology;
  readonly placement: Placement;
  readonly volumes: ReadonlyMap<DeviceKey, Volume>;
  readonly units: readonly CutUnit[];
  /** Arrays that hold writes back by themselves. */
  readonly fencing: ReadonlySet<string>;
}

/** The disks of one VM as the plan sees them, and what stops it. */
export function plannedDisks(
  vm: VmPlacement,
  settings: VmSettings,
  coverage: Coverage,
  ground: Ground,
): { readonly disks: readonly PlannedDisk[]; readonly findings: readonly Finding[] } {
  const findings: Finding[] = [];
  const covered = addressesOf(coverage, (probe) => probe.contains === undefined);
  const contained = addressesOf(coverage, (probe) => probe.contains !== undefined);
  const disks = includedDisks(vm, ground.topology).map((disk): PlannedDisk => {
    const ref = { vm: vm.vm, disk: disk.address };
    const volumes = disk.data.flatMap((device) => ground.volumes.get(device) ?? []);
    const units = unitsOf(volumes, ground.units);
    const boot = coverage.boot.has(disk.address);
    const tier = tierOf(volumes, ground.topology);
    const base = {
      ref,
      kind: disk.kind,
      sizeBytes: disk.sizeBytes,
      where: diskWhere(disk, ground.placement),
      data: disk.data,
      volumes,
      units: units.map(({ id }) => id),
      boot,
      ...defined({ tier }),
    };
    findings.push(...misplaced(disk, ref.vm, volumes, ground.topology));
    if (covered.has(disk.address)) return { ...base, cover: 'held' };
    if (contained.has(disk.address)) return { ...base, cover: 'snapshot' };
    const because = whyFree(disk, settings, boot);
    if (because === undefined) findings.push(notHeld(vm, disk, coverage, settings, boot));
    const fenced = units.length > 0 && units.every((unit) => ground.fencing.has(unit.array));
    return { ...base, cover: fenced ? 'fenced' : 'free', ...defined({ because }) };
  });
  return { disks, findings };
}

function addressesOf({ covers }: Coverage, isMeant: (probe: ProbeReport) => boolean): ReadonlySet<string> {
  return new Set([...covers].filter(([probe]) => isMeant(probe)).flatMap(([, refs]) => refs.map(({ disk }) => disk)));
}

function unitsOf(volumes: readonly Volume[], units: readonly CutUnit[]): readonly CutUnit[] {
  return units.filter((unit) =>
    unit.volumes.some((member) => volumes.some((volume) => volume.array === unit.array && volume.id === member.id)),
  );
}

function tierOf(volumes: readonly Volume[], topology: Topology): string | undefined {
  const arrays = new Set(volumes.map(({ array }) => array));
  const tiers = [...topology.tiers.values()].filter((tier) => tier.arrays.some((array) => arrays.has(array)));
  return tiers.length === 0 ? undefined : tiers.map(({ name }) => name).join(', ');
}

/** Why this disk may be cut without being held; none: it may not. */
function whyFree(disk: DiskPlacement, settings: VmSettings, boot: boolean): string | undefined {
  if (settings.quiesce.every(({ method }) => method === 'none')) return 'no hold for this VM';
  if (settings.disks.get(disk.address)?.require === 'crash') return 'accepted in the topology';
  if (boot && settings.boot === 'crash') return 'boot disk';
  return undefined;
}

function notHeld(
  vm: VmPlacement,
  disk: DiskPlacement,
  coverage: Coverage,
  settings: VmSettings,
  boot: boolean,
): Finding {
  const subject = diskName({ vm: vm.vm, disk: disk.address });
  const size = `${Number(disk.sizeBytes / (1n << 20n)) / 1024} GiB`;
  if (coverage.unmatched.has(disk.address)) {
    return {
      code: 'plan.disk-unmatched',
      severity: 'error',
      subject,
      message: `cannot match "${disk.label}" (${size}) to a device in the guest, so nothing proves that it is frozen`,
      hint: `Set disk.EnableUUID on the VM, or say what lies on it: \`disks: { "${disk.address}": /the/mount }\`, or \`exclude\` it.`,
    };
  }
  const free = coverage.notHeld.get(disk.address) ?? [];
  const uses =
    free.length === 0
      ? 'nothing on it can be held (no file system is mounted from it)'
      : `${free.join(', ')} on it is not held`;
  const name = boot && settings.boot === 'hold' ? ', and `boot: hold` demands it' : '';
  const mount = free.find((use) => use.startsWith('/'))?.split(' ')[0];
  const hold = mount === undefined ? 'Take that off the disk' : `Hold it (\`mounts: [${mount}]\` or another method)`;
  return {
    code: 'plan.disk-not-held',
    severity: 'error',
    subject,
    message: `${uses}${name}`,
    hint: `${hold}, accept it (\`disks: { "${disk.address}": { require: crash } }\`), or \`exclude\` it.`,
  };
}

/** A disk of a kind that a tier expects, on another tier or on none: somebody moved it. */
function misplaced(
  disk: DiskPlacement,
  vm: string,
  volumes: readonly Volume[],
  topology: Topology,
): readonly Finding[] {
  const kind = expectedKind(disk.kind);
  const expecting = [...topology.tiers.values()].filter((tier) => tier.expect.includes(kind));
  if (expecting.length === 0) return [];
  const right = new Set(expecting.flatMap((tier) => tier.arrays));
  return volumes
    .filter(({ array }) => !right.has(array))
    .map(({ array, name }) => {
      const there = [...topology.tiers.values()].find((tier) => tier.arrays.includes(array));
      return {
        code: 'plan.wrong-tier',
        severity: 'error' as const,
        subject: diskName({ vm, disk: disk.address }),
        message: `a ${kind.toUpperCase()} disk on ${array}: ${name}, which is of ${there === undefined ? 'no tier' : there.name}; the topology expects these on ${expecting.map((tier) => tier.name).join(', ')}`,
        hint: 'Was it moved (Storage vMotion)? Move it back, or correct `tiers`.',
      };
    });
}
