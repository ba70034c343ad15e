import type { Deadline } from '../../base/deadline.ts';
import { asFault, EXIT, Fault } from '../../base/fault.ts';
import { gather } from '../../base/gather.ts';
import { resumeJournal } from '../../catalog/journal.ts';
import { knownLabels } from '../../catalog/leftovers.ts';
import { listRebuilt } from '../../catalog/rebuilt.ts';
import { runningRuns } from '../../catalog/running.ts';
import { listRuns, listSets } from '../../catalog/store.ts';
import type { ArrayId, SetId, VmName } from '../../model.ts';
import { remainsText } from '../snapshot/report.ts';
import { GUESTS_AT_ONCE } from '../survey.ts';
import { removeSet } from '../undo/take-back.ts';
import { carryOut } from './carry-out.ts';
import { type Cases, type OpenRun, openCases } from './cases.ts';
import { mendPoints } from './guest-snapshots.ts';
import { type AskedGuest, askGuest, askGuests, mayStandStill } from './guests.ts';
import { lockedGroups, lockOf, refuseIfLocked, tellLocked } from './locks.ts';
import { foreignIn, lookAtRun, lookEverywhere, straysIn, withoutSilent } from './look.ts';
import { exitOf, type MendParts, type MendReport, type Page } from './parts.ts';
import { mendPlan } from './plan.ts';
import { besideAdopted, mendRebuilt } from './rebuilt.ts';
import { intendedText, isWork, staysOpen } from './words.ts';

/** What stands open, from files only. */
export async function openNow(parts: Pick<MendParts, 'state' | 'locks'>, group: string | undefined): Promise<Cases> {
  const { sets, runs, running } = await catalogNow(parts);
  return openCases(sets, runs, running, group);
}

/** Read once for each purpose: a state folder can hold hundreds of runs. */
async function catalogNow({ state, locks }: Pick<MendParts, 'state' | 'locks'>) {
  // First: a run that ends between these looks is then still one that goes on.
  const running = await runningRuns(locks);
  return { running, sets: await listSets(state), runs: await listRuns(state) };
}

/**
 * Finishes or undoes what interrupted runs left, by the labels of their own intents, each group under its lock. May be
 * killed at any moment and begun again: every step is found done, or is done once more. What it cannot do is named and
 * stays open. Guests are asked before arrays: who may stand still is told of, whatever an array then does not answer.
 * Rejects only for an interrupt, for the end of its time, where the group that was named is locked, or where the state
 * folder cannot be used.
 *
 * @param doing 'look': nothing is changed, and no lock taken
 */
export async function mend(parts: MendParts, doing: 'look' | 'mend', limit: Deadline): Promise<MendReport> {
  const page: Page = { mended: [], guests: [], left: [], silent: new Map(), locked: false };
  const locked = await lockedGroups(parts);
  if (parts.group !== undefined) await refuseIfLocked(parts, parts.group, locked, doing, limit);
  const { runs } = await openNow(parts, parts.group);
  for (const group of new Set(runs.map(({ run }) => run.group))) tellLocked(parts, group, locked);
  const asked = await askGuests(
    parts,
    runs.filter(({ run }) => !locked.has(run.group)),
    limit,
  );
  try {
    return await mendAll({ ...parts, asked }, doing, page, limit);
  } catch (thrown) {
    throw outranked(asFault(thrown), [...asked.values()]);
  }
}

type Asking = MendParts & { readonly asked: ReadonlyMap<VmName, AskedGuest> };

async function mendAll(whole: Asking, doing: 'look' | 'mend', page: Page, limit: Deadline): Promise<MendReport> {
  const shown = await lookEverywhere(whole, limit);
  for (const [array, why] of shown.silent) page.silent.set(array, why);
  const parts = { ...whole, drivers: withoutSilent(whole.drivers, shown) };
  const { sets, runs, running } = await catalogNow(parts);
  const strays = straysIn(shown, sets, runs, running);
  const rebuilt = await listRebuilt(parts.state);
  const cases = withStrays(openCases(sets, runs, running, parts.group), runs, strays.ofRuns, parts.group);
  page.left.push(...cases.beyond, ...strays.besides, ...besideAdopted(shown, rebuilt));

  for (const { id, group, record } of runs) {
    if (!parts.inDoubt.has(id) || record.intent === undefined || (parts.group ?? group) !== group) continue;
    page.locked = true;
    page.left.push(`run ${id} ${OUT_OF_SIGHT}`);
  }
  for (const group of groupsOf(cases)) {
    await unlessLocked(page, `group ${group}`, () => mendGroup(parts, group, strays.ofRuns, doing, page, limit));
  }
  // Of which group a rebuilt set is, nobody knows.
  if (parts.group === undefined) await unlessLocked(page, 'rebuilt sets', () => mendRebuilt(parts, doing, page, limit));
  page.left.push(...[...page.silent].map(([array, why]) => `array ${array} could not be asked: ${why}`));
  const known = new Set([...knownLabels(sets, runs), ...rebuilt.map(({ id }) => id)]);
  const foreign = foreignIn(shown, known);
  return { mended: page.mended, guests: page.guests, foreign, left: page.left, exit: exitOf(page) };
}

const OUT_OF_SIGHT =
  'may be going on where it cannot be seen from here (another machine or container, or before this machine was started ' +
  'again); if it is over: stillpoint mend --break-lock';

/** What ended it comes behind the guests that may stand still. */
function outranked(fault: Fault, asked: readonly AskedGuest[]): Fault {
  const still = asked.filter(mayStandStill);
  if (still.length === 0) return fault;
  return new Fault({
    code: 'guest.may-be-held',
    message: `${still.map(({ text }) => text).join('. ')}. Nothing else was brought to its end: ${fault.message}`,
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    exit: EXIT.guestMayBeHeld,
    cause: fault,
  });
}

/** What somebody else is at work on stays open; the rest goes on. */
async function unlessLocked(page: Page, subject: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'locked') throw thrown;
    page.locked = true;
    page.left.push(`${subject}: ${thrown.message}`);
  }
}

function groupsOf({ runs, removals }: Cases): readonly string[] {
  return [...new Set([...runs.map(({ run }) => run.group), ...removals.map(({ group }) => group)])];
}

/** Everything is read again under the lock: what was seen before may have been mended by somebody else. */
async function mendGroup(
  parts: Asking,
  group: string,
  strays: ReadonlyMap<SetId, readonly ArrayId[]>,
  doing: 'look' | 'mend',
  page: Page,
  limit: Deadline,
): Promise<void> {
  const locks = doing === 'mend' ? await lockOf(parts, group, limit) : undefined;
  try {
    const { sets, runs, running } = await catalogNow(parts);
    const cases = withStrays(openCases(sets, runs, running, group), runs, strays, group);
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
    // Only of a run that failed, or took its weak set back. One without a last word is in the cases, or goes on; one that
    // made a set may have made it since the arrays were looked at.
    const keptNothing = run.state === 'failed' || run.record.entries.some(({ type }) => type === 'removed');
    if (arrays === undefined || !isMeant || !keptNothing) return [];
    return known.some((open) => open.run.id === run.id) ? [] : [{ run, arrays, guests: [], points: [] }];
  });
  return { ...cases, runs: [...known, ...added] };
}

async function mendRun(
  parts: Asking,
  open: OpenRun,
  doing: 'look' | 'mend',
  page: Page,
  limit: Deadline,
): Promise<void> {
  const journal = resumeJournal(parts.state, open.run.id);
  // One that came to be in doubt meanwhile is asked now.
  const answer = async (vm: VmName): Promise<AskedGuest> =>
    parts.asked.get(vm) ?? (await askGuest(parts, vm, open.run.id, limit));
  const answers = await gather(open.guests, answer, GUESTS_AT_ONCE);
  limit.signal.throwIfAborted();
  const guests = answers.flatMap((one) => (one.ok ? [{ ...one.value, run: open.run.id }] : []));
  page.guests.push(...guests);
  if (doing === 'mend')
    for (const { vm, is } of guests) if (is === 'writing') await journal.note({ type: 'writes', vm });

  await mendPoints(parts, open, journal, doing, page, limit);

  const seen = await lookAtRun(parts, open, limit);
  const plan = mendPlan(seen, parts.clock.date());
  // A run with its result written, of which only guests were open.
  if (open.arrays.length === 0 && open.run.record.result !== undefined) return;
  if ('unasked' in plan) for (const { array, unasked } of plan.unasked) page.silent.set(array, unasked);
  if (doing === 'look') {
    page.left.push(...staysOpen(open.run.id, plan));
    if (isWork(plan)) page.mended.push({ id: open.run.id, kind: plan.kind, text: intendedText(plan) });
    return;
  }
  // A guest that its own topology no longer has is named once; one of another topology is that one's to ask.
  const isOurs = parts.topology.groups.has(open.run.group);
  const held = guests.filter(({ is }) => is !== 'writing' && !(is === 'gone' && isOurs)).map(({ vm }) => vm);
  await carryOut({ parts, journal, seen, held, page, limit }, plan);
}
