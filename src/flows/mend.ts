import type { Clock } from '../base/clock.ts';
import { beforeDeadline, type Deadline } from '../base/deadline.ts';
import { EXIT, Fault } from '../base/fault.ts';
import { gather, settle } from '../base/gather.ts';
import { localTime } from '../base/local-time.ts';
import type { Locks } from '../base/lock.ts';
import { unreachable } from '../base/unreachable.ts';
import { type Journal, resumeJournal } from '../catalog/journal.ts';
import { knownLabels } from '../catalog/leftovers.ts';
import { writeManifest } from '../catalog/manifest.ts';
import { runningRuns } from '../catalog/running.ts';
import type { StateFolder } from '../catalog/state-folder.ts';
import { listRuns, listSets } from '../catalog/store.ts';
import type { ArrayId, CutLabel, SetId, SetState, VmName } from '../model.ts';
import type { ArrayDriver, Emit, Guest } from '../ports.ts';
import type { Topology } from '../topology/topology.ts';
import { removeEach, removeSet } from './clean-up.ts';
import { type Cases, type OpenRun, openCases } from './mend-cases.ts';
import { type Foreign, foreignIn, lookAtRun, lookEverywhere, straysIn } from './mend-look.ts';
import { mendPlan, type RunMending, type RunSeen, type TakeBack } from './mend-plan.ts';
import { answerLine, remainsText } from './report.ts';
import { GUESTS_AT_ONCE, type GuestSide } from './survey.ts';

export interface MendParts {
  readonly clock: Clock;
  readonly emit: Emit;
  readonly state: StateFolder;
  readonly locks: Locks;
  readonly topology: Topology;
  readonly drivers: ReadonlyMap<ArrayId, ArrayDriver>;
  /** Those that may have to be asked. */
  readonly guests: ReadonlyMap<VmName, GuestSide>;
  /** The mount points of a guest that take no write now. */
  readonly unwritable: (guest: Guest, limit: Deadline) => Promise<readonly string[]>;
  /** Absent: every group. */
  readonly group?: string;
  /** For the lock of a group that another holds; 0: try once. */
  readonly waitMs: number;
}

/** One thing that was mended, or would be. */
export interface Mended {
  /** Of the run, and of its set. */
  readonly id: SetId;
  readonly kind: RunMending['kind'] | 'remove';
  /** What is, or would be, done: one sentence. */
  readonly text: string;
}

export interface AskedGuest {
  readonly vm: VmName;
  readonly run: SetId;
  /** `gone`: it is no longer in the topology. */
  readonly is: 'writing' | 'not-writing' | 'not-asked' | 'gone';
  readonly text: string;
}

export interface MendReport {
  readonly mended: readonly Mended[];
  readonly guests: readonly AskedGuest[];
  readonly foreign: readonly Foreign[];
  /** What stays open, each in one sentence. */
  readonly left: readonly string[];
  readonly exit: number;
}

/** A guest that takes no write answers within three seconds; one that cannot be reached at all is given this. */
const GUEST_MS = 20_000;

/** What stands open, from files only. */
export async function openNow(
  { state, locks }: Pick<MendParts, 'state' | 'locks'>,
  group: string | undefined,
): Promise<Cases> {
  return openCases(await listSets(state), await listRuns(state), await runningRuns(locks), group);
}

/**
 * Finishes or undoes what interrupted runs left, by the labels of their own intents, each group under its lock. May be
 * killed at any moment and begun again: every step is found done, or is done once more. What it cannot do is named and
 * stays open. Rejects only for an interrupt, for the end of its time, or where the state folder cannot be used.
 *
 * @param doing 'look': nothing is changed, and no lock taken
 */
export async function mend(parts: MendParts, doing: 'look' | 'mend', limit: Deadline): Promise<MendReport> {
  const page: Page = { mended: [], guests: [], left: [], silent: new Map(), locked: false };
  const shown = await lookEverywhere(parts.drivers, limit);
  for (const [array, why] of shown.silent) page.silent.set(array, why);
  const sets = await listSets(parts.state);
  const runs = await listRuns(parts.state);
  const strays = straysIn(shown, sets, runs, await runningRuns(parts.locks));
  page.left.push(...(await openNow(parts, parts.group)).beyond, ...strays.besides);

  for (const group of await groupsToMend(parts, strays.ofRuns)) {
    try {
      await mendGroup(parts, group, strays.ofRuns, doing, page, limit);
    } catch (thrown) {
      if (!(thrown instanceof Fault) || thrown.code !== 'locked') throw thrown;
      page.locked = true;
      page.left.push(`group ${group}: ${thrown.message}`);
    }
  }
  page.left.push(...[...page.silent].map(([array, why]) => `array ${array} could not be asked: ${why}`));
  const foreign = foreignIn(shown, knownLabels(sets, runs));
  return { mended: page.mended, guests: page.guests, foreign, left: page.left, exit: exitOf(page) };
}

interface Page {
  readonly mended: Mended[];
  readonly guests: AskedGuest[];
  readonly left: string[];
  readonly silent: Map<ArrayId, string>;
  locked: boolean;
}

async function groupsToMend(
  parts: MendParts,
  strays: ReadonlyMap<SetId, readonly ArrayId[]>,
): Promise<readonly string[]> {
  const { runs, removals } = withStrays(
    await openNow(parts, parts.group),
    await listRuns(parts.state),
    strays,
    parts.group,
  );
  return [...new Set([...runs.map(({ run }) => run.group), ...removals.map(({ group }) => group)])];
}

/** Everything is read again under the lock: what was seen before may have been mended by somebody else. */
async function mendGroup(
  parts: MendParts,
  group: string,
  strays: ReadonlyMap<SetId, readonly ArrayId[]>,
  doing: 'look' | 'mend',
  page: Page,
  limit: Deadline,
): Promise<void> {
  const wait = limit.within(parts.waitMs, `waiting for the lock of group ${group}`);
  const name = { key: `group:${group}`, shown: `group ${group}` };
  const locks = doing === 'mend' ? await parts.locks.take([name], 'mend', wait) : undefined;
  wait.done();
  try {
    const cases = withStrays(await openNow(parts, group), await listRuns(parts.state), strays, group);
    for (const open of cases.runs) await mendRun(parts, open, doing, page, limit);
    for (const { id, manifest, removal } of cases.removals) {
      const because = removal?.because ?? 'its removal was begun';
      const text = `its removal is brought to its end (${because})`;
      page.mended.push({ id, kind: 'remove', text });
      if (doing === 'look') continue;
      const remains = await removeSet(parts, parts.state, parts.drivers, manifest, because, limit);
      limit.signal.throwIfAborted();
      page.left.push(...remains.map((one) => `set ${id}: ${remainsText(one)}`));
    }
  } finally {
    await locks?.release();
  }
}

function withStrays(
  cases: Cases,
  runs: Awaited<ReturnType<typeof listRuns>>,
  strays: ReadonlyMap<SetId, readonly ArrayId[]>,
  group: string | undefined,
): Cases {
  const known = cases.runs.map((open) => ({
    ...open,
    arrays: open.set === undefined ? [...new Set([...open.arrays, ...(strays.get(open.run.id) ?? [])])] : open.arrays,
  }));
  const added = runs.flatMap((run): readonly OpenRun[] => {
    const arrays = strays.get(run.id);
    const isMeant = group === undefined || run.group === group;
    // Only of a run that failed. One without a last word is in the cases, or goes on; one that made a set may have made
    // it since the arrays were looked at.
    if (arrays === undefined || !isMeant || run.state !== 'failed') return [];
    return known.some((open) => open.run.id === run.id) ? [] : [{ run, arrays, guests: [] }];
  });
  return { ...cases, runs: [...known, ...added] };
}

async function mendRun(
  parts: MendParts,
  open: OpenRun,
  doing: 'look' | 'mend',
  page: Page,
  limit: Deadline,
): Promise<void> {
  const journal = resumeJournal(parts.state, open.run.id);
  const asked = await gather(open.guests, (vm) => askGuest(parts, vm, open.run.id, limit), GUESTS_AT_ONCE);
  limit.signal.throwIfAborted();
  const guests = asked.flatMap((one) => (one.ok ? [one.value] : []));
  page.guests.push(...guests);
  if (doing === 'mend')
    for (const { vm, is } of guests) if (is === 'writing') await journal.note({ type: 'writes', vm });

  const seen = await lookAtRun(parts, open, limit);
  const plan = mendPlan(seen, parts.clock.date());
  // A run with its last word written, of which only guests were open.
  if (open.arrays.length === 0 && open.run.record.result !== undefined) return;
  if ('unasked' in plan) for (const { array, unasked } of plan.unasked) page.silent.set(array, unasked);
  if (doing === 'look') {
    page.mended.push({ id: open.run.id, kind: plan.kind, text: intendedText(plan) });
    return;
  }
  const held = guests.filter(mayStandStill).map(({ vm }) => vm);
  await carryOut({ parts, journal, seen, held, page, limit }, plan);
}

interface Work {
  readonly parts: MendParts;
  readonly journal: Journal;
  readonly seen: RunSeen;
  /** Guests of which it is not known that they write. */
  readonly held: readonly VmName[];
  readonly page: Page;
  readonly limit: Deadline;
}

async function carryOut(work: Work, plan: RunMending): Promise<void> {
  const { page, seen } = work;
  const { id } = seen.run;
  switch (plan.kind) {
    case 'leave':
      page.left.push(`run ${id} stays as it is: ${plan.because}`);
      return;
    case 'close':
    case 'keep': {
      const failed = await disarmAll(work, plan.disarm);
      page.left.push(...failed.map((text) => `run ${id}: ${text}`));
      // As long as something may be prepared on an array, the run keeps no last word, and is looked at again.
      if (failed.length > 0 || (plan.kind === 'close' && plan.unasked.length > 0)) return;
      if (plan.kind === 'keep') await writeManifest(work.parts.state, plan.manifest);
      const line = plan.kind === 'keep' ? answerLine(plan.manifest) : lineOf(seen);
      await lastWord(
        work,
        plan.kind === 'close' && seen.set?.state === 'good' ? 'good' : 'weak',
        line,
        intendedText(plan),
      );
      break;
    }
    case 'take-back': {
      if (plan.arrays.length === 0 && plan.unasked.length > 0) return;
      const left = await gather(plan.arrays, (array) => takeBack(work, array));
      work.limit.signal.throwIfAborted();
      for (const [index, outcome] of left.entries()) {
        const array = plan.arrays[index]?.array ?? '';
        const texts = outcome.ok ? outcome.value : [outcome.fault.message];
        page.left.push(...texts.map((text) => `run ${id}: array ${array}: ${text}`));
      }
      if (seen.run.record.result === undefined) await lastWord(work, 'failed', `${id}  failed`, plan.because);
      break;
    }
    default:
      return unreachable(plan);
  }
  page.mended.push({ id, kind: plan.kind, text: intendedText(plan) });
}

/** By label and identity; each step is in the journal before the next. Answers what stays, in sentences. */
async function takeBack(
  { parts, journal, seen, limit }: Work,
  { array, remove, notOurs, lateUntil }: TakeBack,
): Promise<readonly string[]> {
  const { intent, entries } = seen.run.record;
  const driver = parts.drivers.get(array);
  if (intent === undefined || driver === undefined) return [];
  await driver.disarm(intent.label, limit);
  for (const snapshot of remove) {
    const isNoted = entries.some((entry) => entry.type === 'taken' && entry.snapshot.id === snapshot.id);
    if (!isNoted) await journal.note({ type: 'taken', snapshot });
  }
  const { left, why } = await removeEach(parts, driver, remove, limit, ({ id }) =>
    journal.note({ type: 'removed', array, id }),
  );
  limit.signal.throwIfAborted();
  const open = [
    ...left.map(({ name }) => `${name} could not be removed: ${why}`),
    ...notOurs.map(({ name, source }) => `${name} (of ${source.name}) carries our label and is not what the run took`),
    ...(lateUntil === undefined ? [] : [lateText(lateUntil)]),
  ];
  if (open.length === 0) await journal.note({ type: 'clean', array });
  else await noteRemains(journal, entries, array, open.join('; '));
  return open;
}

/** Not said again in the same words: a second look that finds the same writes nothing. */
async function noteRemains(
  journal: Journal,
  entries: RunSeen['run']['record']['entries'],
  array: ArrayId,
  why: string,
): Promise<void> {
  const last = entries.filter((entry) => entry.type === 'remains' && entry.array === array).at(-1);
  if (last?.type !== 'remains' || last.why !== why) await journal.note({ type: 'remains', array, why });
}

async function disarmAll({ parts, seen, limit }: Work, arrays: readonly ArrayId[]): Promise<readonly string[]> {
  const label: CutLabel | undefined = seen.run.record.intent?.label;
  const outcomes = await gather(arrays, async (array) => {
    if (label !== undefined) await parts.drivers.get(array)?.disarm(label, limit);
  });
  limit.signal.throwIfAborted();
  return outcomes.flatMap((outcome, index) =>
    outcome.ok
      ? []
      : [`array ${arrays[index]}: what was prepared there could not be taken away: ${outcome.fault.message}`],
  );
}

const DIED = { code: 'run.died', message: 'the run ended without a word; mend brought it to its end' };

/** The word that the run itself could not write. */
async function lastWord(work: Work, state: SetState, line: string, what: string): Promise<void> {
  const { parts, journal, seen, held } = work;
  const { run } = seen;
  const exits: Readonly<Record<SetState, number>> = {
    good: EXIT.done,
    weak: EXIT.weaker,
    failed: run.record.entries.some(({ type }) => type === 'opening') ? EXIT.windowFailed : EXIT.notPrepared,
  };
  await journal.finish({
    v: 1,
    run: run.id,
    group: run.group,
    finishedAt: parts.clock.date().toISOString(),
    state,
    exit: held.length > 0 ? EXIT.guestMayBeHeld : exits[state],
    line,
    because: state === 'good' ? [] : [what],
    fault: run.record.result?.fault ?? DIED,
    mayBeHeld: held,
  });
}

async function askGuest(parts: MendParts, vm: VmName, run: SetId, limit: Deadline): Promise<AskedGuest> {
  const side = parts.guests.get(vm);
  if (side === undefined) {
    const text = `guest ${vm} could not be asked whether it writes: it is no longer in the topology`;
    return { vm, run, is: 'gone', text };
  }
  const time = limit.within(GUEST_MS, `asking guest ${vm} whether it writes`);
  const answer = await settle(() => beforeDeadline(parts.unwritable(side.guest, time), time));
  time.done();
  if (!answer.ok) {
    const text = `guest ${vm} could not be asked whether it writes: ${answer.fault.message}; it may still be held`;
    return { vm, run, is: 'not-asked', text };
  }
  if (answer.value.length === 0) return { vm, run, is: 'writing', text: `guest ${vm} writes` };
  return { vm, run, is: 'not-writing', text: standingText(vm, answer.value) };
}

function standingText(vm: VmName, mounts: readonly string[]): string {
  const thaw = mounts.map((mount) => `fsfreeze --unfreeze ${mount}`).join('; ');
  return `guest ${vm} may still be held: it takes no write on ${mounts.join(', ')}; on ${vm}: ${thaw}`;
}

function exitOf({ guests, locked, mended, left, silent }: Page): number {
  if (guests.some(mayStandStill)) return EXIT.guestMayBeHeld;
  if (locked) return EXIT.locked;
  if (silent.size > 0 && mended.length === 0) return EXIT.notPrepared;
  return left.length > 0 || guests.some(({ is }) => is === 'gone') ? EXIT.weaker : EXIT.done;
}

function mayStandStill({ is }: AskedGuest): boolean {
  return is === 'not-writing' || is === 'not-asked';
}

function intendedText(plan: RunMending): string {
  switch (plan.kind) {
    case 'keep':
      return `all ${plan.manifest.snapshots.length} snapshots are there: kept as a weak set`;
    case 'close':
      return 'its set stands; what it prepared on the arrays is taken away';
    case 'leave':
      return `stays as it is: ${plan.because}`;
    case 'take-back':
      return `${takenText(plan.arrays)} (${plan.because})`;
    default:
      return unreachable(plan);
  }
}

function takenText(arrays: readonly TakeBack[]): string {
  const names = arrays.flatMap(({ array, remove }) => remove.map(({ name }) => `${array}: ${name}`));
  return names.length === 0 ? 'it left no snapshot' : `taken back: ${names.join(', ')}`;
}

function lateText(until: Date): string {
  return `an answer is missing, so that a snapshot may still appear until ${localTime(until)}`;
}

function lineOf({ set, run }: RunSeen): string {
  return set === undefined || set.state === 'unreadable' ? run.id : answerLine(set.manifest);
}
