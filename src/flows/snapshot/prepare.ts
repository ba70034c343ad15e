import type { Deadline } from '../../base/deadline.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { gather, type Outcome, settle } from '../../base/gather.ts';
import type { LockName, TakenLocks } from '../../base/lock.ts';
import { setWithKey } from '../../catalog/find-set.ts';
import { intentOf } from '../../catalog/intent.ts';
import { beginJournal, type Journal } from '../../catalog/journal.ts';
import { writeRunPlan } from '../../catalog/run-plan.ts';
import { runningRuns } from '../../catalog/running.ts';
import { samePlacement } from '../../inventory/same-placement.ts';
import type { Finding, Manifest, Placement, Plan } from '../../model.ts';
import { forecastOf, timingFindings } from '../../plan/timing.ts';
import type { WindowArray, WindowGuest } from '../../window/run.ts';
import { GUESTS_AT_ONCE, refuseIfStopped, survey } from '../survey.ts';
import { LOOK_MS, lookForLeftovers } from './leftovers.ts';
import { driverOf, type Opened, type RunParts } from './run-parts.ts';

/** Surveys the group, tells every finding, and refuses a plan that is not to be run. */
export async function makePlan(parts: RunParts, limit: Deadline): Promise<Plan> {
  const group = parts.require === undefined ? parts.group : { ...parts.group, require: parts.require };
  const plan = await survey(parts, group, limit);
  for (const finding of plan.findings) parts.emit({ type: 'finding', finding });
  refuseIfStopped(plan);
  return plan;
}

/** The group, every VM and every cut unit: two runs that share any of them never overlap (I6). */
export function lockAll(parts: RunParts, plan: Plan, limit: Deadline): Promise<TakenLocks> {
  parts.emit({ type: 'step', step: 'lock' });
  const names: readonly LockName[] = [
    { key: `group:${plan.group}`, shown: `group ${plan.group}` },
    ...plan.guests.map(({ vm, instanceUuid }) => ({ key: `vm:${instanceUuid}`, shown: `guest ${vm}` })),
    ...plan.arrays.flatMap(({ array, units }) =>
      units.map((unit) => ({
        key: `unit:${array}:${unit.id}`,
        shown: `array ${array}: ${unit.volumes.map(({ name }) => name).join(', ')}`,
      })),
    ),
  ];
  return parts.locks.take(names, parts.run, limit.within(parts.waitMs, 'waiting for the locks'));
}

/** The set with the run's key, if somebody has taken it while this one waited for its locks. */
export async function takenMeanwhile({ state, key, require }: RunParts, plan: Plan): Promise<Manifest | undefined> {
  if (key === undefined) return undefined;
  return setWithKey(state, plan.group, key, require ?? plan.require);
}

/** Locks that cannot be given back cost a run nothing: the next one finds their owner gone, and takes them over. */
export async function unlockAll(parts: RunParts, locks: TakenLocks | undefined): Promise<void> {
  const outcome = await settle(async () => locks?.release());
  if (outcome.ok) return;
  const { code, message } = outcome.fault;
  parts.emit({
    type: 'finding',
    finding: { code, severity: 'warning', subject: 'locks', message: `they could not be given back: ${message}` },
  });
}

/** Says what earlier runs left on the arrays; touches nothing. */
export async function tellLeftovers(parts: RunParts, limit: Deadline): Promise<void> {
  const looking = limit.within(LOOK_MS, 'looking for leftovers');
  const running = await runningRuns(parts.locks);
  const seen = await lookForLeftovers(parts.state, [...parts.drivers.values()], running, looking);
  looking.done();
  for (const finding of seen) parts.emit({ type: 'finding', finding });
}

/** The intent, on disk before anything of this run is on an array. */
export async function writeIntent(parts: RunParts, plan: Plan, { label }: Opened): Promise<Journal> {
  await writeRunPlan(parts.state, parts.run, plan);
  const about = {
    run: parts.run,
    label,
    startedAt: parts.clock.date().toISOString(),
    stillpoint: parts.version,
    ...(parts.note === undefined ? {} : { note: parts.note }),
    ...(parts.key === undefined ? {} : { key: parts.key }),
  };
  return beginJournal(parts.state, intentOf(plan, about));
}

export async function armAll(
  parts: RunParts,
  plan: Plan,
  journal: Journal,
  opened: Opened,
  limit: Deadline,
): Promise<void> {
  parts.emit({ type: 'step', step: 'arm' });
  for (const { array } of plan.arrays) await journal.note({ type: 'arming', array });
  const outcomes = await gather(plan.arrays, async ({ array, units }) => {
    const driver = driverOf(parts, array);
    opened.touched.add(array);
    limit.signal.throwIfAborted();
    try {
      opened.armed.set(array, await driver.arm(units, opened.label, limit));
    } catch (thrown) {
      const isAnswer = !limit.signal.aborted && !NO_ANSWER.includes(asFault(thrown).code);
      if (!isAnswer && driver.traits.prepares === true) opened.unanswered.add(array);
      throw thrown;
    }
    parts.emit({ type: 'array', array, is: 'armed', atMs: parts.clock.now() });
  });
  wantAll(outcomes, (index) => `array ${plan.arrays[index]?.array}`);
}

/** What was sent may still be carried out. */
const NO_ANSWER: readonly string[] = ['array.unanswered', 'ssh.line-lost'];

/** Opens every guest up to the word. An optional one that cannot be opened is left out, and said. */
export async function openAll(
  parts: RunParts,
  plan: Plan,
  opened: Opened,
  limit: Deadline,
): Promise<readonly WindowGuest[]> {
  parts.emit({ type: 'step', step: 'open' });
  const outcomes = await gather(plan.guests, (guest) => openGuest(parts, plan, guest, opened, limit), GUESTS_AT_ONCE);
  return withoutOptional(parts, plan.guests, outcomes);
}

async function openGuest(
  parts: RunParts,
  plan: Plan,
  { vm, optional, after, stages }: Plan['guests'][number],
  opened: Opened,
  limit: Deadline,
): Promise<WindowGuest> {
  const side = parts.guests.get(vm);
  const open: WindowGuest['stages'][number][] = [];
  for (const [index, { method, gives, covers, watches, makes }] of stages.entries()) {
    if (makes === 'snapshot') continue;
    const quiescer = side?.quiescers[index];
    if (side === undefined || quiescer === undefined)
      throw new Error(`the plan holds ${vm} by ${method}, and has no such method`);
    const order = {
      owner: `run ${parts.run} of ${parts.owner} (${opened.label})`,
      covers,
      gives,
      watches,
      maxLeaseMs: plan.timing.windowMs,
    };
    const channel = await quiescer.open(side.guest, order, limit);
    opened.channels.push(channel);
    open.push({ method, gives, channel });
  }
  if (open.length > 0) parts.emit({ type: 'guest', vm, stage: 0, is: 'opened', atMs: parts.clock.now() });
  return { vm, optional, after, stages: open };
}

/** So that the freeze is short: what is dirty is written before anybody stands still. */
export async function flushAll(
  parts: RunParts,
  guests: readonly WindowGuest[],
  limit: Deadline,
): Promise<readonly WindowGuest[]> {
  parts.emit({ type: 'step', step: 'flush' });
  const outcomes = await gather(guests, async (guest) => {
    for (const { channel } of guest.stages) await channel.flush(limit);
    if (guest.stages.length > 0)
      parts.emit({ type: 'guest', vm: guest.vm, stage: 0, is: 'flushed', atMs: parts.clock.now() });
    return guest;
  });
  return withoutOptional(parts, guests, outcomes);
}

/** The last look before anybody is held: the disks where they were planned, guests and arrays warm, the same members. */
export async function recheckAll(
  parts: RunParts,
  plan: Plan,
  guests: readonly WindowGuest[],
  opened: Opened,
  limit: Deadline,
): Promise<{ readonly guests: readonly WindowGuest[]; readonly arrays: readonly WindowArray[] }> {
  parts.emit({ type: 'step', step: 'recheck' });
  const pointed = new Set(opened.begun.map(({ vm }) => vm));
  const [moved] = samePlacement(plan.placement, await readPlacement(parts, plan, limit), pointed);
  if (moved !== undefined) {
    throw faultOf({ ...moved, hint: 'Run it again: it then plans with where the disks lie now.' });
  }
  const rechecked = await gather(plan.arrays, async ({ array, fence }): Promise<WindowArray> => {
    const armed = opened.armed.get(array);
    if (armed === undefined) throw new Error(`array ${array} was not armed`);
    return { array, armed, fence, ...(await armed.recheck(limit)) };
  });
  const arrays = wantAll(rechecked, (index) => `array ${plan.arrays[index]?.array}`);
  const [tooShort] = timingFindings(plan.group, plan.timing, forecastOf(arrays));
  if (tooShort !== undefined) throw faultOf(tooShort);
  const warm = await gather(guests, async (guest) => {
    for (const { channel } of guest.stages) await channel.recheck(limit);
    return guest;
  });
  return { arrays, guests: withoutOptional(parts, guests, warm) };
}

/** Where the disks of the plan's VMs lie now. By MoRef: a VM that was renamed meanwhile is the same VM. */
export function readPlacement(parts: RunParts, plan: Plan, limit: Deadline): Promise<Placement> {
  const wanted = plan.guests.map(({ vm, ref }) => ({ vm, wanted: ref }));
  return parts.reader.read(wanted, limit);
}

function faultOf({ code, subject, message, hint }: Finding): Fault {
  return new Fault({ code, message: `${subject}: ${message}`, ...(hint === undefined ? {} : { hint }) });
}

/** All values, or the first fault, said of its thing; an interrupt is nobody's. */
function wantAll<T>(outcomes: readonly Outcome<T>[], nameOf: (index: number) => string): readonly T[] {
  return outcomes.map((outcome, index) => {
    if (outcome.ok) return outcome.value;
    throw isNamed(outcome.fault, nameOf(index)) || outcome.fault.code === 'interrupted'
      ? outcome.fault
      : outcome.fault.of(nameOf(index));
  });
}

/** As `wantAll`, but a fault of an optional guest only leaves that guest unheld. */
function withoutOptional(
  parts: RunParts,
  guests: readonly { readonly vm: string; readonly optional: boolean; readonly after: readonly string[] }[],
  outcomes: readonly Outcome<WindowGuest>[],
): readonly WindowGuest[] {
  const tolerated = outcomes.map((outcome, index): Outcome<WindowGuest> => {
    const guest = guests[index];
    if (outcome.ok || guest?.optional !== true) return outcome;
    const { code, message } = outcome.fault;
    parts.emit({
      type: 'finding',
      finding: {
        code,
        severity: 'warning',
        subject: guest.vm,
        message: `${message}; it is optional, so its snapshot is taken without quiescing`,
      },
    });
    return { ok: true, value: { ...guest, stages: [] } };
  });
  return wantAll(tolerated, (index) => `guest ${guests[index]?.vm}`);
}

function isNamed(fault: Fault, name: string): boolean {
  return fault.message.startsWith(name);
}
