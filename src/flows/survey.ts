import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { EXIT, Fault } from '../base/fault.ts';
import { gather, type Outcome } from '../base/gather.ts';
import type { ArrayId, CutUnit, DeviceKey, Plan, ProbeReport, VmName, Volume } from '../model.ts';
import { buildPlan, stops } from '../plan/build.ts';
import type { OwnGround } from '../plan/checks.ts';
import { type Claims, settleClaims } from '../plan/claims.ts';
import { neededDevices } from '../plan/needs.ts';
import type { ArrayDriver, Emit, Guest, PlacementReader, Quiescer, Snapshotter } from '../ports.ts';
import type { GroupSettings, Topology } from '../topology/topology.ts';

/** A VM's side of a run: the guest, and the methods of its `quiesce`, in order. */
export interface GuestSide {
  readonly guest: Guest;
  /** Those that hold it; empty for one that nobody holds. */
  readonly quiescers: readonly Quiescer[];
  /** Those that make a guest snapshot; absent: none. */
  readonly snapshotters?: readonly Snapshotter[];
}

/** Everything that a look at a group talks to. Made once, by `cli/world.ts` or a test. */
export interface World {
  readonly clock: Clock;
  readonly topology: Topology;
  readonly reader: PlacementReader;
  readonly drivers: ReadonlyMap<ArrayId, ArrayDriver>;
  readonly guests: ReadonlyMap<VmName, GuestSide>;
  readonly ground: OwnGround;
  readonly emit: Emit;
}

/** Handshakes at once: more are no faster, and one sshd starts to refuse at ten that are not yet logged in. */
export const GUESTS_AT_ONCE = 8;

/**
 * Asks vSphere where the disks lie, the arrays whose they are and how they are cut, and every guest what it would
 * hold; makes the plan of it. Changes nothing anywhere. Rejects where something cannot be asked; what is wrong with the
 * answers is in the plan's findings.
 */
export async function survey(world: World, group: GroupSettings, limit: Deadline): Promise<Plan> {
  const { topology, emit } = world;
  emit({ type: 'step', step: 'resolve' });
  const wanted = group.members.map(({ vm }) => ({ vm, wanted: topology.vms.get(vm)?.wanted ?? vm }));
  const [placement, probed] = await Promise.all([world.reader.read(wanted, limit), probeAll(world, group, limit)]);

  const needs = neededDevices(placement, topology);
  const claims = await claimsOf(
    world,
    needs.map(({ device }) => device),
    limit,
  );
  const { volumes, findings } = settleClaims(needs, claims, placement, topology);
  const units = await unitsOf(world, volumes, limit);

  emit({ type: 'step', step: 'plan' });
  const plan = buildPlan({
    topology,
    group,
    placement,
    volumes,
    units,
    traits: new Map([...world.drivers].map(([id, driver]) => [id, driver.traits])),
    probes: probed.reports,
    unreachable: probed.unreachable,
    ground: world.ground,
  });
  return { ...plan, findings: [...findings, ...plan.findings] };
}

/** A plan with an error is not run: one Fault that names the first and counts the rest. All are in the plan. */
export function refuseIfStopped(plan: Plan): void {
  const [first, ...others] = stops(plan);
  if (first === undefined) return;
  const more = others.length === 0 ? '' : ` (and ${others.length} more: stillpoint plan ${plan.group})`;
  throw new Fault({
    code: first.code,
    message: `${first.subject}: ${first.message}${more}`,
    ...(first.hint === undefined ? {} : { hint: first.hint }),
    exit: EXIT.notPrepared,
  });
}

async function claimsOf(world: World, devices: readonly DeviceKey[], limit: Deadline): Promise<Claims> {
  const drivers = [...world.drivers.values()];
  const answers = await gather(drivers, (driver) => driver.locate(devices, limit));
  return new Map(drivers.map((driver, index) => [driver.id, answered(answers[index], `array ${driver.id}`)]));
}

/** Which volumes one array cuts at one instant; asked of each array for its own. */
async function unitsOf(
  world: World,
  volumes: ReadonlyMap<DeviceKey, Volume>,
  limit: Deadline,
): Promise<readonly CutUnit[]> {
  const distinct = [
    ...new Map([...volumes.values()].map((volume) => [`${volume.array} ${volume.id}`, volume])).values(),
  ];
  const drivers = [...world.drivers.values()].filter(({ id }) => distinct.some(({ array }) => array === id));
  const answers = await gather(drivers, (driver) =>
    driver.group(
      distinct.filter(({ array }) => array === driver.id),
      limit,
    ),
  );
  return drivers.flatMap((driver, index) => answered(answers[index], `array ${driver.id}`));
}

interface Probed {
  readonly reports: ReadonlyMap<VmName, readonly ProbeReport[]>;
  readonly unreachable: ReadonlyMap<VmName, Fault>;
}

async function probeAll(world: World, group: GroupSettings, limit: Deadline): Promise<Probed> {
  const sides = group.members.flatMap(({ vm }) => world.guests.get(vm) ?? []);
  const answers = await gather(sides, (side) => probe(side, limit), GUESTS_AT_ONCE);
  const reports = new Map<VmName, readonly ProbeReport[]>();
  const unreachable = new Map<VmName, Fault>();
  for (const [index, { guest }] of sides.entries()) {
    const answer = answers[index];
    if (answer?.ok === true) reports.set(guest.vm, answer.value);
    else if (answer !== undefined) unreachable.set(guest.vm, answer.fault);
  }
  return { reports, unreachable };
}

/** In the order of the plan's stages: first those that hold, then those that make a guest snapshot. */
async function probe(
  { guest, quiescers, snapshotters = [] }: GuestSide,
  limit: Deadline,
): Promise<readonly ProbeReport[]> {
  const reports: ProbeReport[] = [];
  for (const method of [...quiescers, ...snapshotters]) reports.push(await method.probe(guest, limit));
  return reports;
}

function answered<T>(answer: Outcome<T> | undefined, who: string): T {
  if (answer?.ok === true) return answer.value;
  throw answer?.fault.of(who) ?? new Fault({ code: 'unexpected', message: `${who} was not asked` });
}
