import { defined } from '../base/defined.ts';
import type { Fault } from '../base/fault.ts';
import { decodeName } from '../inventory/names.ts';
import {
  type ArrayId,
  atLeast,
  type CutUnit,
  type DeviceKey,
  type Finding,
  type Level,
  leastGiven,
  type Placement,
  type Plan,
  type PlannedArray,
  type PlannedDisk,
  type PlannedGuest,
  type PlannedStage,
  type ProbeReport,
  type VmName,
  type Volume,
} from '../model.ts';
import type { ArrayTraits } from '../ports.ts';
import type { GroupSettings, MemberSettings, Topology } from '../topology/topology.ts';
import {
  acceptedFindings,
  extentFindings,
  groundFindings,
  identityFindings,
  type OwnGround,
  partialFindings,
} from './checks.ts';
import { type Coverage, coverageOf } from './coverage.ts';
import { plannedDisks } from './disks.ts';
import { bestVerdict } from './perfect.ts';
import { sharedFindings } from './shared.ts';
import { sizeFindings } from './sizes.ts';
import { forecastOf, timingFindings, timingOf } from './timing.ts';

/** Everything that a plan is made of; whoever gathered it did the talking. */
export interface PlanInputs {
  readonly topology: Topology;
  readonly group: GroupSettings;
  readonly placement: Placement;
  readonly volumes: ReadonlyMap<DeviceKey, Volume>;
  readonly units: readonly CutUnit[];
  readonly traits: ReadonlyMap<ArrayId, ArrayTraits>;
  /** One report a stage that holds, in the order of the VM's `quiesce`; empty for a VM that nobody holds. */
  readonly probes: ReadonlyMap<VmName, readonly ProbeReport[]>;
  /** Guests that could not be reached or probed. */
  readonly unreachable: ReadonlyMap<VmName, Fault>;
  readonly ground: OwnGround;
}

/**
 * The resolved group: which disks are held how, which units are cut where, with what times, and the best level that a
 * run can reach. Pure. With an error among its findings a plan is not to be run.
 */
export function buildPlan(inputs: PlanInputs): Plan {
  const { topology, group, placement } = inputs;
  const findings: Finding[] = [
    ...acceptedFindings(placement.findings, topology),
    ...partialFindings(group, placement, topology, inputs.volumes, inputs.units),
    ...extentFindings(placement, topology, inputs.volumes, inputs.units),
    ...sizeFindings(placement, topology, inputs.volumes),
    ...groundFindings(placement, topology, inputs.ground),
  ];
  const fencing = new Set([...inputs.traits].filter(([, traits]) => traits.fences === true).map(([array]) => array));
  const guests: PlannedGuest[] = [];
  const disks: PlannedDisk[] = [];
  for (const member of group.members) {
    const vm = placement.vms.find((candidate) => candidate.vm === member.vm);
    const told = topology.vms.get(member.vm);
    if (vm === undefined || told === undefined) continue;
    const why = inputs.unreachable.get(vm.vm);
    const settings = why === undefined ? told : { ...told, quiesce: [] };
    if (why !== undefined) findings.push(unreachable(member, why));
    const probes = inputs.probes.get(vm.vm) ?? [];
    findings.push(...identityFindings(vm, probes));
    const coverage = coverageOf(vm, settings, probes);
    const own = plannedDisks(vm, settings, coverage, {
      topology,
      placement,
      volumes: inputs.volumes,
      units: inputs.units,
      fencing,
    });
    disks.push(...own.disks);
    findings.push(...coverage.findings, ...own.findings);
    guests.push({
      vm: vm.vm,
      ref: vm.ref,
      instanceUuid: vm.instanceUuid,
      optional: member.optional,
      after: afterOf(member, group),
      stages: probes.map((probe) => stageOf(probe, coverage)),
      atBest: vm.snapshots.length > 0 ? 'crash' : 'application',
      excluded: settings.exclude,
    });
  }

  findings.push(...sharedFindings(placement, disks, guests));

  const arrays = arraysOf(inputs, disks);
  const timing = timingOf(group.windowMs);
  const perVm = guests.length > 1 && guests.some(({ stages }) => stages.some(({ makes }) => makes === 'snapshot'));
  if (perVm && group.instant === 'group') findings.push(ownInstants(group.name, guests));
  findings.push(...timingFindings(group.name, timing, forecastOf(arrays)));

  const plan: Plan = {
    group: group.name,
    require: group.require ?? leastGiven(guests),
    best: 'unproven',
    ...(perVm ? { instant: 'per-vm' as const } : {}),
    timing,
    guests,
    disks,
    arrays,
    alsoCaptured: alsoCaptured(placement, inputs.volumes),
    placement,
    findings,
  };
  const reachable = bestVerdict(plan);
  // Where something else stops the plan, that is the reason; the level only follows from it.
  const whole = findings.every(({ severity }) => severity !== 'error');
  if (whole && !atLeast(reachable.level, plan.require))
    findings.push(tooWeak(plan, reachable.level, reachable.because));
  return { ...plan, best: reachable.level };
}

/** A guest snapshot is taken before the window, of each VM at its own moment. */
function ownInstants(group: string, guests: readonly PlannedGuest[]): Finding {
  const vms = guests.filter(({ stages }) => stages.some(({ makes }) => makes === 'snapshot')).map(({ vm }) => vm);
  return {
    code: 'plan.instant-per-vm',
    severity: 'error',
    subject: `group ${group}`,
    message: `\`instant: group\` asks for one instant of all VMs, and the guest snapshot of ${vms.join(', ')} has an instant of its own`,
    hint: 'Freeze inside these guests (`quiesce: fsfreeze`), or accept an instant of each VM: `instant: per-vm`.',
  };
}

/** Nothing of this plan may be run: what stops it, worst first. */
export function stops(plan: Plan): readonly Finding[] {
  return plan.findings.filter(({ severity }) => severity === 'error');
}

function afterOf(member: MemberSettings, group: GroupSettings): readonly VmName[] {
  return member.after.filter((vm) => group.members.some((other) => other.vm === vm));
}

function stageOf(probe: ProbeReport, { covers, watches }: Coverage): PlannedStage {
  return {
    method: probe.method,
    gives: probe.gives,
    covers: covers.get(probe) ?? [],
    ...(probe.lends === true ? { lends: true as const } : {}),
    ...(probe.contains === undefined ? {} : { makes: 'snapshot' as const }),
    watches: watches.get(probe) ?? [],
    holds: probe.uses.filter((use) => use.held).map(({ what }) => what),
  };
}

function arraysOf(inputs: PlanInputs, disks: readonly PlannedDisk[]): readonly PlannedArray[] {
  const fenced = new Set(disks.filter(({ cover }) => cover === 'fenced').flatMap(({ units }) => units));
  return [...inputs.traits].flatMap(([array, traits]) => {
    const units = inputs.units.filter((unit) => unit.array === array);
    if (units.length === 0) return [];
    const fence = units.some((unit) => fenced.has(unit.id));
    return [
      { array, make: traits.make, units, fence, forecastMs: traits.forecastMs, answersCut: traits.answers === 'cut' },
    ];
  });
}

/** VMs outside the group that lie on the same datastores: they are in the snapshots too, unheld. */
function alsoCaptured(placement: Placement, volumes: ReadonlyMap<DeviceKey, Volume>): readonly string[] {
  // By name where that is unique, else by the whole path.
  const own = new Set(placement.vms.flatMap(({ path }) => [path, decodeName(path.slice(path.lastIndexOf('/') + 1))]));
  const stores = placement.datastores.filter((store) => store.devices.some((device) => volumes.has(device)));
  return [...new Set(stores.flatMap(({ vms }) => vms))].filter((vm) => !own.has(vm)).sort();
}

/** An optional guest is then cut with the rest, unheld, and its level said beside the set's. */
function unreachable(member: MemberSettings, why: Fault): Finding {
  return {
    code: why.code,
    severity: member.optional ? 'warning' : 'error',
    subject: member.vm,
    message: member.optional
      ? `${why.message}; it is optional, so its snapshot will be taken without quiescing`
      : why.message,
    ...defined({ hint: why.hint }),
  };
}

function tooWeak(plan: Plan, reachable: Level, because: readonly string[]): Finding {
  return {
    code: 'plan.weaker-than-required',
    severity: 'error',
    subject: `group ${plan.group}`,
    message: `a run can prove \`${reachable}\` at best, and \`${plan.require}\` is required${because.length === 0 ? '' : `: ${because.join('; ')}`}`,
    hint: 'Hold more of the disks named, or put what is free on one array into one consistency group, or lower `require`.',
  };
}
