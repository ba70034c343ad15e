import { type Deadline, deadline } from '../base/deadline.ts';
import { asFault, EXIT, Fault } from '../base/fault.ts';
import { gather, settle } from '../base/gather.ts';
import { signalNumber } from '../base/interrupt.ts';
import { type Journal, type JournalEntry, resumeJournal } from '../catalog/journal.ts';
import { writeManifest } from '../catalog/manifest.ts';
import { samePlacement } from '../inventory/same-placement.ts';
import type { ArrayId, ArraySnapshot, Level, Manifest, Plan, Verdict, WindowRecord } from '../model.ts';
import { type Collected, collect } from '../window/collect.ts';
import { doubledIn, withDoubled } from '../window/doubled.ts';
import { type Decision, decide, exitAfter } from '../window/outcome.ts';
import { type PlacementWord, verdict } from '../window/verdict.ts';
import { type Made, takeBack } from './clean-up.ts';
import { readPlacement } from './prepare.ts';
import { finish, mayBeHeld, unsealedFault } from './report.ts';
import { applyRetention } from './retention.ts';
import { driverOf, type Opened, type RunParts, type RunReport } from './run-parts.ts';

/** A run that has been through its window. */
export interface Past {
  readonly plan: Plan;
  readonly record: WindowRecord;
  readonly opened: Opened;
  readonly journal: Journal;
  /** When the placement was last known to be as planned. */
  readonly since: Date;
}

/**
 * After the window: write its record, look what is on the arrays, look again where the disks lie, judge, and keep the
 * whole set or take all of it back. No interrupt cuts this short: what was begun on the arrays is brought to an end.
 */
export async function conclude(parts: RunParts, past: Past): Promise<RunReport> {
  const limit = deadline(parts.clock, parts.timeoutMs, 'bringing the run to its end');
  const papers = patient(parts, past.journal);
  try {
    await papers.window(past.record);
    parts.emit({ type: 'step', step: 'collect' });
    const seen = await collect(past.plan, past.record, past.opened.armed, parts.clock, limit);
    for (const snapshot of seen.taken) await papers.note({ type: 'taken', snapshot });
    const placement = await placementNow(parts, past, limit);
    const wanted = past.plan.arrays.flatMap(({ units }) => units.flatMap(({ volumes }) => volumes));
    const judged = withDoubled(verdict(past.plan, past.record, placement), doubledIn(seen.taken, wanted));
    const decision = decide(factsOf(parts, past, seen, placement, judged));
    await papers.note({ type: 'judged', placement, level: judged.level, keep: decision.keep });
    if (decision.keep) return await keep(parts, past, decision, judged, seen.taken, limit);
    return await giveUp(parts, past, papers, decision, judged, seen, limit);
  } finally {
    limit.done();
  }
}

/**
 * A run that did not come to its window, or that met a bug of ours: whatever it made on an array is taken back.
 *
 * @param thrown why; anything but a Fault is a bug
 */
export async function concludeFailed(
  parts: RunParts,
  opened: Opened,
  thrown: unknown,
  window: { readonly plan: Plan; readonly record: WindowRecord } | undefined,
): Promise<RunReport> {
  const fault = asFault(thrown);
  const limit = deadline(parts.clock, parts.timeoutMs, 'cleaning up');
  const drivers = [...opened.touched].map((array) => driverOf(parts, array));
  if (drivers.length > 0) parts.emit({ type: 'step', step: 'clean-up' });
  const papers = patient(parts, resumeJournal(parts.state, parts.run));
  const fires = window?.record.fires.filter(({ outcome }) => outcome === 'unknown') ?? [];
  const late = new Map(
    window === undefined ? [] : fires.map(({ array }) => [array, lateUntil(parts, window.record, array)] as const),
  );
  const remains = await takeBack(parts, drivers, madeBy(opened), papers, late, limit);
  limit.done();
  const decision: Decision = { state: 'failed', keep: false, exit: earlyExit(fault) };
  const held = window === undefined ? [] : mayBeHeld(window.record);
  const exit =
    held.length > 0 ? EXIT.guestMayBeHeld : exitAfter(decision, { leftovers: remains.length, unsealed: false });
  return finish(parts, { decision, exit, fault, remains, ...(window === undefined ? {} : { window }) });
}

/** No guest was held yet: whatever failed, and whichever code it brings, that is what the caller must know. */
function earlyExit(fault: Fault): number {
  const kept: readonly number[] = [EXIT.bug, EXIT.usage, EXIT.locked];
  return kept.includes(fault.exit) || fault.exit > 128 ? fault.exit : EXIT.notPrepared;
}

function factsOf(
  parts: RunParts,
  { plan, record }: Past,
  seen: Collected,
  placement: PlacementWord,
  judged: Verdict,
): Parameters<typeof decide>[0] {
  const signal = signalNumber(parts.interrupt);
  return {
    require: plan.require,
    guestsTouched: record.holds.length > 0,
    fired: record.fires.length > 0,
    complete: seen.missing.length === 0,
    placement,
    verdict: judged,
    removeWeak: (parts.weak ?? parts.group.weak) === 'remove',
    ...(signal === undefined ? {} : { signal }),
    bug: parts.interrupt.aborted && signal === undefined,
    mayBeHeld: mayBeHeld(record),
  };
}

/** Whether the disks still lie where they were planned. Not to know it costs the proof, not the set. */
async function placementNow(parts: RunParts, { plan, since }: Past, limit: Deadline): Promise<PlacementWord> {
  parts.emit({ type: 'step', step: 'verify-placement' });
  try {
    const now = await readPlacement(parts, plan, limit);
    const refs = plan.guests.map(({ ref }) => ref);
    const found = [...samePlacement(plan.placement, now), ...(await parts.reader.disturbances(refs, since, limit))];
    for (const finding of found) parts.emit({ type: 'finding', finding });
    return found.some(({ severity }) => severity === 'error') ? 'changed' : 'same';
  } catch (thrown) {
    const { code, message } = asFault(thrown);
    parts.emit({ type: 'finding', finding: { code, severity: 'warning', subject: 'vSphere', message } });
    return 'unread';
  }
}

async function keep(
  parts: RunParts,
  past: Past,
  decision: Decision,
  judged: Verdict,
  snapshots: readonly ArraySnapshot[],
  limit: Deadline,
): Promise<RunReport> {
  const { plan, record, opened } = past;
  parts.emit({ type: 'step', step: 'seal' });
  const manifest: Manifest = {
    v: 1,
    id: parts.run,
    label: opened.label,
    group: plan.group,
    state: decision.state === 'good' ? 'good' : 'weak',
    takenAt: record.startedAt,
    finishedAt: parts.clock.date().toISOString(),
    stillpoint: parts.version,
    ...(parts.note === undefined ? {} : { note: parts.note }),
    ...(parts.key === undefined ? {} : { key: parts.key }),
    windowMs: record.closedAtMs - record.openedAtMs,
    plan,
    window: record,
    verdict: judged,
    snapshots,
  };
  const ending = { decision, verdict: judged, window: { plan, record }, remains: [] };
  const sealed = await settle(() => writeManifest(parts.state, manifest));
  await disarmAll(parts, opened, limit);
  if (!sealed.ok) {
    const exit = exitAfter(decision, { leftovers: 0, unsealed: true });
    const fault = unsealedFault(parts, opened.label, sealed.fault);
    return finish(parts, { ...ending, decision: { ...decision, state: 'failed' }, exit, fault });
  }
  // A guest in doubt is told of now, not after old sets were removed.
  if (decision.state === 'good' && mayBeHeld(record).length === 0) await applyRetention(parts, limit);
  const weakness = decision.state === 'good' ? {} : { fault: weaker(manifest) };
  return finish(parts, { ...ending, exit: decision.exit, manifest, ...weakness });
}

/** What `arm` made besides the snapshots goes. What stays costs the set nothing, and is said. */
async function disarmAll(parts: RunParts, { touched, label }: Opened, limit: Deadline): Promise<void> {
  const arrays = [...touched];
  const outcomes = await gather(arrays, (array) => driverOf(parts, array).disarm(label, limit));
  for (const [index, outcome] of outcomes.entries()) {
    const subject = `array ${arrays[index]}`;
    const left = outcome.ok
      ? outcome.value
      : [
          {
            code: outcome.fault.code,
            severity: 'warning' as const,
            subject,
            message: `what was prepared there could not be taken away: ${outcome.fault.message}`,
          },
        ];
    for (const finding of left) parts.emit({ type: 'finding', finding });
  }
}

/** Not kept: all of this run goes, and nothing of any other. */
async function giveUp(
  parts: RunParts,
  { plan, record, opened }: Past,
  papers: Journal,
  decision: Decision,
  judged: Verdict,
  seen: Collected,
  limit: Deadline,
): Promise<RunReport> {
  parts.emit({ type: 'step', step: 'clean-up' });
  const drivers = [...opened.touched].map((array) => driverOf(parts, array));
  const late = new Map([...seen.unsettled].map((array) => [array, lateUntil(parts, record, array)]));
  const remains = await takeBack(parts, drivers, madeBy(opened), papers, late, limit);
  const exit = exitAfter(decision, { leftovers: remains.length, unsealed: false });
  return finish(parts, {
    decision,
    exit,
    verdict: judged,
    remains,
    window: { plan, record },
    fault: whyGivenUp(parts, record, judged, seen, decision),
  });
}

/** Only an array that was armed can have been fired at. */
function madeBy({ label, armed }: Opened): Made {
  return { label, units: new Map([...armed].map(([array, { units }]) => [array, units])) };
}

/** As long as an array may still carry out what it has not answered. */
function lateUntil(parts: RunParts, { fires, closedAtMs }: WindowRecord, array: ArrayId): Date {
  const sentAtMs = Math.max(...fires.filter((fire) => fire.array === array).map((fire) => fire.sentAtMs));
  const untilMs = (Number.isFinite(sentAtMs) ? sentAtMs : closedAtMs) + driverOf(parts, array).traits.lateMs;
  return new Date(parts.clock.date().getTime() + untilMs - parts.clock.now());
}

function whyGivenUp(
  { interrupt }: RunParts,
  { stopped }: WindowRecord,
  judged: Verdict,
  seen: Collected,
  { state, exit }: Decision,
): Fault {
  if (stopped !== undefined) return new Fault({ ...stopped, exit });
  if (interrupt.aborted) return asFault(interrupt.reason);
  const [missing] = seen.missing;
  if (missing !== undefined) {
    return new Fault({
      code: 'run.incomplete',
      message: seen.unsettled.has(missing.array)
        ? `it is not known whether array ${missing.array} has a snapshot of ${missing.name}`
        : `array ${missing.array} has no snapshot of ${missing.name}`,
      exit,
    });
  }
  const why = judged.because[0] ?? 'it proves less than was required';
  const what = state === 'weak' ? 'the set was weak and was removed' : 'the set was removed';
  return new Fault({ code: 'run.not-kept', message: `${what}: ${why}`, exit });
}

function weaker(manifest: Manifest): Fault {
  const { verdict: judged, plan } = manifest;
  const because = judged.because.length === 0 ? '' : `: ${judged.because.join('; ')}`;
  return new Fault({
    code: 'run.weak',
    message: `the set is kept and weak: ${shortfall(judged.level, plan.require)}${because}`,
    hint: `It never counts as the last good set. To see all of it: stillpoint show ${manifest.id}. To remove it: stillpoint remove ${manifest.id}`,
    exit: EXIT.weaker,
  });
}

function shortfall(level: Level, require: Level): string {
  if (level !== 'unproven') return `\`${level}\` was proved, \`${require}\` is required`;
  const wanted = require === 'unproven' ? '' : `, and \`${require}\` is required`;
  return `that it is one instant is not proved${wanted}`;
}

/** A journal that a full disk cannot stop: after the window nothing depends on it but the next clean-up, which is told. */
function patient(parts: RunParts, journal: Journal): Journal {
  let told = false;
  const attempt = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write();
    } catch (thrown) {
      const { code, message } = asFault(thrown);
      const finding = {
        code,
        severity: 'warning' as const,
        subject: 'state folder',
        message: `the run's journal could not be written: ${message}`,
      };
      if (!told) parts.emit({ type: 'finding', finding });
      told = true;
    }
  };
  return {
    run: journal.run,
    note: (entry: JournalEntry) => attempt(() => journal.note(entry)),
    window: (record) => attempt(() => journal.window(record)),
    finish: (result) => attempt(() => journal.finish(result)),
  };
}
