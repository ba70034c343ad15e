import { asFault, EXIT, type Fault } from '../../base/fault.ts';
import { signalNumber } from '../../base/interrupt.ts';
import { mayBeHeld } from '../../catalog/in-doubt.ts';
import { type Journal, resumeJournal } from '../../catalog/journal.ts';
import { samePlacement } from '../../inventory/same-placement.ts';
import type { ArrayId, Verdict } from '../../model.ts';
import type { ArrayDriver } from '../../ports.ts';
import { type Collected, collect } from '../../window/collect.ts';
import { doubledIn, withDoubled } from '../../window/doubled.ts';
import { type Decision, decide, exitAfter } from '../../window/outcome.ts';
import { type PlacementWord, verdict } from '../../window/verdict.ts';
import { type Late, type Made, type Remains, takeBack } from '../undo/take-back.ts';
import { cleaning, placing, settling } from './after-window.ts';
import { giveUp, lateArm, lateCut, madeBy } from './give-up.ts';
import { concludeGuestSnapshots, missingPoints } from './guest-snapshots.ts';
import { keep } from './keep.ts';
import { patient } from './patient-journal.ts';
import { readPlacement } from './prepare.ts';
import { finish } from './report.ts';
import { driverOf, type Opened, type Past, type RunParts, type RunReport } from './run-parts.ts';
import type { Passed } from './still-held.ts';

/**
 * After the window: write its record, look what is on the arrays, look again where the disks lie, judge, and keep the
 * whole set or take all of it back. An interrupt cuts short only what waits for an answer that does not come: what is left
 * on an array then is named, and is mend's.
 */
export async function conclude(parts: RunParts, past: Past): Promise<RunReport> {
  const papers = patient(parts, past.journal);
  await papers.window(past.record);
  const limit = settling(parts);
  const seen = await collect(past.plan, past.record, past.opened.armed, parts.clock, limit);
  limit.done();
  for (const snapshot of seen.taken) await papers.note({ type: 'taken', snapshot });
  const placement = await placementNow(parts, past);
  const wanted = past.plan.arrays.flatMap(({ units }) => units.flatMap(({ volumes }) => volumes));
  const judged = withDoubled(verdict(past.plan, past.record, placement), doubledIn(seen.taken, wanted));
  const decision = decide(factsOf(parts, past, seen, placement, judged));
  await papers.note({ type: 'judged', placement, level: judged.level, keep: decision.keep });
  const standing = await concludeGuestSnapshots(parts, past.opened, papers);
  if (decision.keep) return keep(parts, past, decision, judged, { taken: seen.taken, standing });
  return giveUp(parts, past, papers, decision, judged, { ...seen, standing });
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
  window: Passed | undefined,
): Promise<RunReport> {
  const fault = asFault(thrown);
  const drivers = [...opened.touched].map((array) => driverOf(parts, array));
  const papers = patient(parts, resumeJournal(parts.state, parts.run));
  const record = window?.record;
  const fires = record?.fires.filter(({ outcome }) => outcome === 'unknown') ?? [];
  const late = new Map([
    ...[...opened.unanswered].map((array) => [array, lateArm(parts, array)] as const),
    ...(record === undefined ? [] : fires.map(({ array }) => [array, lateCut(parts, record, array)] as const)),
  ]);
  const [remains, standing] = await Promise.all([
    drivers.length === 0 ? [] : takenBack(parts, drivers, madeBy(opened), papers, late),
    concludeGuestSnapshots(parts, opened, papers),
  ]);
  const decision: Decision = { state: 'failed', keep: false, exit: earlyExit(fault) };
  const held = window === undefined ? [] : mayBeHeld(window.record);
  const exit =
    held.length > 0
      ? EXIT.guestMayBeHeld
      : exitAfter(decision, { leftovers: remains.length + standing.length, unsealed: false });
  return finish(parts, { decision, exit, fault, remains, standing, ...(window === undefined ? {} : { window }) });
}

async function takenBack(
  parts: RunParts,
  drivers: readonly ArrayDriver[],
  made: Made,
  papers: Journal,
  late: ReadonlyMap<ArrayId, Late>,
): Promise<readonly Remains[]> {
  const limit = cleaning(parts);
  const remains = await takeBack(parts, drivers, made, papers, late, () => limit);
  limit.done();
  return remains;
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
async function placementNow(parts: RunParts, { plan, sinceMs, opened }: Past): Promise<PlacementWord> {
  // A run that was interrupted keeps nothing, wherever the disks lie.
  if (parts.interrupt.aborted) return 'unread';
  const limit = placing(parts);
  try {
    const now = await readPlacement(parts, plan, limit);
    const refs = plan.guests.map(({ ref }) => ref);
    const pointed = new Set(opened.begun.map(({ vm }) => vm));
    const found = [
      ...samePlacement(plan.placement, now, pointed),
      ...missingPoints(opened, now),
      ...(await parts.reader.disturbances(refs, sinceMs, limit)),
    ];
    for (const finding of found) parts.emit({ type: 'finding', finding });
    return found.some(({ severity }) => severity === 'error') ? 'changed' : 'same';
  } catch (thrown) {
    const { code, message } = asFault(thrown);
    parts.emit({ type: 'finding', finding: { code, severity: 'warning', subject: 'vSphere', message } });
    return 'unread';
  } finally {
    limit.done();
  }
}
