import type { SetId } from '../model.ts';
import { newestFirst, parseSetId, type SetName } from './names.ts';
import {
  type RemovingSet,
  readSet,
  type SetEntry,
  type SetLine,
  type StandingLine,
  type UnreadableSet,
} from './set-entry.ts';
import { groupsIn, type Names, namesIn, readIndex, setLines } from './set-lines.ts';
import type { StateFolder } from './state-folder.ts';

/** How the sets of one group stand; there is one at least. */
export interface Standing {
  readonly group: string;
  /** Whatever has become of it. */
  readonly newest: SetId;
  readonly good: number;
  readonly weak: number;
  readonly lastGood?: Pick<StandingLine, 'id' | 'takenAt' | 'levelText'>;
  /** Read in full, the newest first. */
  readonly open: readonly (RemovingSet | UnreadableSet)[];
  /** That run made a set, whatever has become of it. */
  has(run: SetId): boolean;
}

/** To read so many costs less than to look at the folders of very many. */
const FEW = 16;

/**
 * How the sets of each group stand, the group with the newest set first. By the names in the folders and the index: names
 * tell what came and what went, and a flag beside a set that its removal was begun. What is doubted is read, and so is the
 * last good set of each group. Of what was changed by hand inside a set's folder only `setLines` hears.
 */
export async function standings(state: StateFolder): Promise<readonly Standing[]> {
  const index = await readIndex(state);
  const groups: { readonly names: Names; readonly doubted: readonly SetName[] }[] = [];
  for (const group of await groupsIn(state)) {
    const names = await namesIn(state, group, index.get(group));
    groups.push({ names, doubted: doubtedOf(names) });
  }
  if (groups.flatMap(({ doubted }) => doubted).length > FEW) return standingsOf(await setLines(state));
  const found: (Standing | undefined)[] = [];
  for (const { names, doubted } of groups) found.push(await byNames(state, names, doubted));
  return inOrder(found);
}

/** The same of sets that were all read. */
export function standingsOf(lines: readonly SetLine[]): readonly Standing[] {
  const groups = new Map<string, SetLine[]>();
  for (const line of lines) {
    const own = groups.get(line.group);
    if (own === undefined) groups.set(line.group, [line]);
    else own.push(line);
  }
  return inOrder([...groups].map(([group, own]) => standingOf(group, own, NOBODY, newestOf(own.filter(isGood)))));
}

function doubtedOf({ names, places, unknown, flagged, indexed }: Names): readonly SetName[] {
  if (flagged.size === 0) return unknown;
  const changed = names.filter((name, index) => {
    const was = indexed?.stateAt(places[index] ?? -1);
    return was !== undefined && was !== 'removed' && flagged.has(name);
  });
  return [...unknown, ...changed.flatMap((name) => parseSetId(name) ?? [])];
}

async function byNames(state: StateFolder, names: Names, doubted: readonly SetName[]): Promise<Standing | undefined> {
  const read: SetEntry[] = [];
  const unsure = new Set<string>();
  for (const name of doubted) {
    unsure.add(name.id);
    read.push(...(await entriesOf(state, name)));
  }
  // What is printed of the last good one comes from its own papers, which may tell that it is none.
  for (;;) {
    const believed = believedOf(names, unsure);
    const newest = newestOf(read.filter(isGood));
    const { newestGood } = believed;
    if (newestGood === undefined || (newest !== undefined && newestFirst(newest, newestGood) < 0))
      return standingOf(names.group, read, believed, newest);
    const entries = await entriesOf(state, newestGood);
    const [good] = entries.filter(isGood);
    if (good !== undefined) return standingOf(names.group, read, believed, good);
    unsure.add(newestGood.id);
    read.push(...entries);
  }
}

async function entriesOf(state: StateFolder, name: SetName): Promise<readonly SetEntry[]> {
  const entry = await readSet(state, name);
  return entry === undefined ? [] : [entry];
}

/** What the index says of sets that are there and that nobody doubts. They are very many: none of them is held. */
interface Believed {
  readonly good: number;
  readonly weak: number;
  /** Whatever has become of it. */
  readonly newest?: SetName | undefined;
  readonly newestGood?: SetName | undefined;
  has(id: SetId): boolean;
}

const NOBODY: Believed = { good: 0, weak: 0, has: () => false };

function believedOf({ names, places, indexed }: Names, unsure: ReadonlySet<string>): Believed {
  const stateOf = (index: number): StandingLine['state'] | undefined => {
    const isUnsure = unsure.size > 0 && unsure.has(names[index] ?? '');
    return isUnsure ? undefined : indexed?.stateAt(places[index] ?? -1);
  };
  let [good, weak] = [0, 0];
  for (const index of names.keys()) {
    const is = stateOf(index);
    if (is === 'good') good += 1;
    if (is === 'weak') weak += 1;
  }
  return {
    good,
    weak,
    newest: lastOf(names, (index) => stateOf(index) !== undefined),
    newestGood: lastOf(names, (index) => stateOf(index) === 'good'),
    has: (id) => stateOf(placeOf(names, id)) !== undefined,
  };
}

/** Names of one group are in the order of their times; of one second the first counts for the newest. */
function lastOf(names: readonly string[], isMeant: (index: number) => boolean): SetName | undefined {
  let last: SetName | undefined;
  for (let index = names.length - 1; index >= 0; index -= 1) {
    const name = isMeant(index) ? parseSetId(names[index] ?? '') : undefined;
    if (name === undefined) continue;
    if (last !== undefined && name.startedAt < last.startedAt) break;
    last = name;
  }
  return last;
}

/** By halving; -1: nowhere. */
function placeOf(names: readonly string[], name: string): number {
  let [from, to] = [0, names.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((names[middle] ?? '') < name) from = middle + 1;
    else to = middle;
  }
  return names[from] === name ? from : -1;
}

function standingOf(
  group: string,
  read: readonly SetLine[],
  believed: Believed,
  lastGood: Standing['lastGood'],
): Standing | undefined {
  const newest = newestOf([...read, ...(believed.newest === undefined ? [] : [believed.newest])]);
  if (newest === undefined) return undefined;
  const ids = new Set(read.map(({ id }) => id));
  return {
    group,
    newest: newest.id,
    good: believed.good + read.filter(isGood).length,
    weak: believed.weak + read.filter(({ state }) => state === 'weak').length,
    ...(lastGood === undefined ? {} : { lastGood }),
    open: read
      .flatMap((set) => (set.state === 'removing' || set.state === 'unreadable' ? [set] : []))
      .sort(newestFirst),
    has: (run) => ids.has(run) || believed.has(run),
  };
}

function inOrder(standings: readonly (Standing | undefined)[]): readonly Standing[] {
  return standings.filter((one) => one !== undefined).sort((a, b) => newestFirst({ id: a.newest }, { id: b.newest }));
}

function newestOf<T extends { readonly id: SetId }>(sets: readonly T[]): T | undefined {
  return sets.reduce<T | undefined>(
    (top, set) => (top === undefined || newestFirst(set, top) < 0 ? set : top),
    undefined,
  );
}

/** Of one that is good there is a line at least. */
function isGood<T extends SetLine>(set: T): set is Extract<T, { takenAt: string }> {
  return set.state === 'good';
}
