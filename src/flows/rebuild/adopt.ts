import type { Deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import { ownerOf } from '../../catalog/leftovers.ts';
import { isLabel } from '../../catalog/names.ts';
import {
  type Adoption,
  listRebuilt,
  REBUILT_LOCK,
  type RebuiltEntry,
  type RebuiltSet,
  writeRebuilt,
} from '../../catalog/rebuilt.ts';
import { forgetRemoval } from '../../catalog/removal.ts';
import { listRuns, listSets } from '../../catalog/store.ts';
import type { ArraySnapshot, CutLabel, SetId } from '../../model.ts';
import { lookEverywhere } from '../mend/look.ts';
import { withoutLabel } from './plan.ts';
import type { RebuildParts } from './rebuild.ts';

export interface AdoptParts extends RebuildParts {
  /** 'ops@backup1' */
  readonly by: string;
  readonly because: string;
  /** Also what may be a run at work. */
  readonly young: boolean;
}

/** What would be adopted, as the arrays show it now: these snapshots, and no others. */
export interface Adoptable {
  readonly set: RebuiltSet;
  /** These very snapshots have been adopted before. */
  readonly already?: Adoption;
}

/**
 * Whatever its `--timeout`, no run is under way for a day: a label that is younger may be one that another state folder
 * is about to complete, or to take back.
 */
const YOUNG_MS = 24 * 3_600_000;

/** Asks every array what it has under the label. Reads only; rejects, with the reason, for what must not be adopted. */
export async function chooseAdoption(parts: AdoptParts, wanted: string, limit: Deadline): Promise<Adoptable> {
  if (!isLabel(wanted)) throw notALabel(wanted);
  const shown = await lookEverywhere(parts, limit);
  const [silent] = shown.silent;
  if (silent !== undefined) throw notAsked(wanted, ...silent);
  const entry = await unclaimed(parts, wanted);
  const snapshots = shown.snapshots.filter(({ label }) => label === wanted);
  if (snapshots.length === 0) throw nothingThere(wanted);
  const [sets, runs] = [await listSets(parts.state), await listRuns(parts.state)];
  const now = parts.clock.date();
  const adopted = entry !== undefined && 'set' in entry ? entry.set.adopted : undefined;
  const isAlready = entry?.state === 'adopted' && sameSnapshots(entry.set.snapshots, snapshots);
  if (!isAlready && !parts.young) refuseYoung(wanted, snapshots, now);
  return {
    set: {
      v: 1,
      origin: 'rebuilt',
      id: wanted,
      seenAt: now.toISOString(),
      snapshots,
      unasked: [],
      mayBe: withoutLabel(sets, runs),
    },
    ...(isAlready && adopted !== undefined ? { already: adopted } : {}),
  };
}

/**
 * Writes down that these snapshots are ours, on whose word, and why; on disk when it resolves. Nothing on an array
 * changes. Killed before its last step it has adopted nothing.
 */
export async function adopt(parts: AdoptParts, { set }: Adoptable, limit: Deadline): Promise<RebuiltSet> {
  const wait = limit.within(parts.waitMs, 'waiting for the lock of rebuilt sets');
  const locks = await parts.locks.take([REBUILT_LOCK], 'mend', wait);
  wait.done();
  try {
    // While somebody typed, another hand may have begun to remove it.
    const before = await unclaimed(parts, set.id);
    const adopted = { at: parts.clock.date().toISOString(), by: parts.by, because: parts.because };
    const ours = { ...set, adopted };
    if (before !== undefined) await forgetRemoval(parts.state, set.id);
    await writeRebuilt(parts.state, ours);
    return ours;
  } finally {
    await locks.release();
  }
}

/** What stands here of it, if it is nobody's of this state folder and its removal is not under way. */
async function unclaimed({ state }: AdoptParts, label: CutLabel): Promise<RebuiltEntry | undefined> {
  const owner = ownerOf(label, await listSets(state), await listRuns(state));
  if (owner !== undefined) throw oursAlready(label, owner);
  const entry = (await listRebuilt(state)).find(({ id }) => id === label);
  if (entry?.state === 'removing') throw beingRemoved(label);
  return entry;
}

function sameSnapshots(some: readonly ArraySnapshot[], others: readonly ArraySnapshot[]): boolean {
  const keys = (snapshots: readonly ArraySnapshot[]): string =>
    JSON.stringify(snapshots.map(({ array, name, id, source }) => [array, name, id, source.id]).sort());
  return keys(some) === keys(others);
}

/** Told by the arrays' clocks; one that is ahead of ours makes it young, and one that tells no time too. */
function refuseYoung(label: CutLabel, snapshots: readonly ArraySnapshot[], now: Date): void {
  const young = snapshots.find(
    ({ createdAt }) => createdAt === undefined || now.getTime() - Date.parse(createdAt) < YOUNG_MS,
  );
  if (young === undefined) return;
  const age =
    young.createdAt === undefined
      ? `array ${young.array} does not tell how old ${young.name} is`
      : `${young.name} on array ${young.array} is younger than a day`;
  throw new Fault({
    code: 'adopt.young',
    message: `${label} is not adopted: ${age}, so that a run of another state folder may still be at work on it`,
    hint: 'Wait, or look at every machine that runs Stillpoint against these arrays; then say so: --young',
    exit: EXIT.usage,
  });
}

function notALabel(text: string): Fault {
  return new Fault({
    code: 'adopt.not-a-label',
    message: `${JSON.stringify(text)} is no label: that is \`sp\` and 13 of a-z and 2-7`,
    hint: 'To see those that nobody here knows: stillpoint mend --dry-run. Those that were rebuilt: stillpoint list',
    exit: EXIT.usage,
  });
}

function notAsked(label: CutLabel, array: string, why: string): Fault {
  return new Fault({
    code: 'adopt.not-asked',
    message: `${label} is not adopted: array ${array} could not be asked what it has of it: ${why}`,
    hint: 'What is adopted is exactly what is seen, so every array must answer.',
    exit: EXIT.notPrepared,
  });
}

function nothingThere(label: CutLabel): Fault {
  return new Fault({
    code: 'adopt.nothing-there',
    message: `no array of the topology shows a snapshot under ${label}`,
    hint: 'To see what they show: stillpoint mend --dry-run',
    exit: EXIT.usage,
  });
}

function oursAlready(label: CutLabel, owner: SetId): Fault {
  return new Fault({
    code: 'adopt.ours',
    message: `${label} is the label of ${owner}, which this state folder knows: there is nothing to adopt`,
    hint: `To see it: stillpoint show ${owner}. To remove it: stillpoint remove ${owner}`,
    exit: EXIT.usage,
  });
}

function beingRemoved(label: CutLabel): Fault {
  return new Fault({
    code: 'adopt.removing',
    message: `${label} is adopted, and its removal was begun`,
    hint: `To bring that to its end: stillpoint remove ${label}`,
    exit: EXIT.usage,
  });
}
