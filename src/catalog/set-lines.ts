import { join } from 'node:path';
import { settle } from '../base/gather.ts';
import { newestFirst, parseSetId, type SetName } from './names.ts';
import { flaggedIn } from './removal.ts';
import { readSet, type SetEntry, type SetLine } from './set-entry.ts';
import { type IndexedGroup, type IndexedSet, indexedGroup, indexText, parseIndex } from './set-index.ts';
import { type StateFolder, setsFolder } from './state-folder.ts';

/** Reading a set costs a hundred times what its line in the index does, and writing the index what some sets do. */
const WORTH_WRITING = 16;

/**
 * The sets of all groups, or of one, newest first: what reading every manifest would tell. A set is read where the index
 * has no line of it, or its folder was changed since. The index is written anew when that was worth it.
 */
export async function setLines(state: StateFolder, only?: string): Promise<readonly SetLine[]> {
  const index = await readIndex(state);
  const looks: Look[] = [];
  for (const group of only === undefined ? await groupsIn(state) : [only]) {
    looks.push(await look(state, await namesIn(state, group, index.get(group))));
  }
  const news = looks.reduce((sum, { learnt }) => sum + learnt, 0);
  if (news >= WORTH_WRITING || looks.some(({ wrong }) => wrong)) {
    const groups = new Map(only === undefined ? [] : index);
    for (const { group, sets } of looks) groups.set(group, indexedGroup(group, sets.flatMap(indexable)));
    // Nothing stands on it: a folder that cannot be written is read the long way each time.
    await settle(() => state.files.writeWhole(indexFile(state), indexText(groups.values())));
  }
  return looks.flatMap(({ sets }) => sets.map(({ line }) => line)).sort(newestFirst);
}

export function groupsIn(state: StateFolder): Promise<readonly string[]> {
  return state.files.list(setsFolder(state));
}

/** Empty where there is none that can be believed. */
export async function readIndex(state: StateFolder): Promise<ReadonlyMap<string, IndexedGroup>> {
  const text = await settle(() => state.files.read(indexFile(state)));
  return (text.ok && text.value !== undefined ? parseIndex(text.value) : undefined) ?? new Map();
}

/** The names in a group's folder, beside the index: nothing of the sets themselves is looked at. */
export interface Names {
  readonly group: string;
  readonly indexed: IndexedGroup | undefined;
  /** Everything in the folder, in order. */
  readonly names: readonly string[];
  /** Where each name has its line in the index; -1: nowhere. */
  readonly places: readonly number[];
  /** Sets that have none. */
  readonly unknown: readonly SetName[];
  /** Their removal was begun, perhaps since they were indexed. */
  readonly flagged: ReadonlySet<string>;
}

export async function namesIn(state: StateFolder, group: string, indexed: IndexedGroup | undefined): Promise<Names> {
  const names = await state.files.list(join(setsFolder(state), group));
  const places = indexed?.placesOf(names) ?? names.map(() => -1);
  const others = names.filter((_, index) => places[index] === -1);
  const unknown = others.flatMap((name) => parseSetId(name) ?? []).filter((name) => name.group === group);
  return { group, indexed, names, places, unknown, flagged: flaggedIn(others) };
}

interface Look {
  readonly group: string;
  /** In the order of their ids. */
  readonly sets: readonly Seen[];
  /** So many more the index could have. */
  readonly learnt: number;
  /** The index has a line that may no longer be true, and no flag beside the set says so. */
  readonly wrong: boolean;
}

interface Seen {
  readonly line: SetLine;
  /** When its folder had last changed; absent: it might change once more, and nothing would tell. */
  readonly stamp?: number | undefined;
}

async function look(state: StateFolder, found: Names): Promise<Look> {
  const { group, indexed, names, places, unknown, flagged } = found;
  const folder = join(setsFolder(state), group);
  const before = indexed?.stamps() ?? [];
  const now = await state.files.changed(folder, names);
  const sets: Seen[] = [];
  const doubted = [...unknown];
  let wrong = false;
  for (const [index, name] of names.entries()) {
    const place = places[index] ?? -1;
    if (place < 0) continue;
    const stamp = now[index];
    const line = stamp !== undefined && stamp === before[place] ? indexed?.lineAt(place, name) : undefined;
    if (line !== undefined) sets.push({ line, stamp });
    else {
      const set = parseSetId(name);
      if (set !== undefined) doubted.push(set);
      if (!flagged.has(name)) wrong = true;
    }
  }
  let learnt = 0;
  for (const name of doubted) {
    const [from] = await state.files.changed(folder, [name.id]);
    const entry = await readSet(state, name);
    if (entry === undefined) continue;
    const [to] = await state.files.changed(folder, [name.id]);
    const set = { line: lineOf(entry), stamp: from === to ? to : undefined };
    learnt += indexable(set).length;
    sets.push(set);
  }
  if (doubted.length > 0) sets.sort((a, b) => (a.line.id < b.line.id ? -1 : 1));
  return { group, sets, learnt, wrong };
}

/** Without the manifest: a hundred thousand of them do not fit into the memory of a small machine. */
function lineOf(entry: SetEntry): SetLine {
  if (entry.state === 'unreadable' || entry.state === 'removing') return entry;
  const { manifest: _manifest, startedAt: _startedAt, removal, ...line } = entry;
  return removal === undefined ? line : { ...line, removal: { because: removal.because } };
}

function indexable({ line, stamp }: Seen): readonly IndexedSet[] {
  const isOpen = line.state === 'unreadable' || line.state === 'removing';
  return isOpen || stamp === undefined ? [] : [{ line, stamp }];
}

function indexFile(state: StateFolder): string {
  return join(state.root, 'sets.index');
}
