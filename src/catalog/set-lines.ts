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
    for (const { group, lines, stamps } of looks) {
      const kept = lines.flatMap((line, at) => indexable(line, stamps[at]));
      if (kept.length === 0) groups.delete(group);
      else groups.set(group, indexedGroup(group, kept));
    }
    // Nothing stands on it: a folder that cannot be written is read the long way each time.
    await settle(() => state.files.writeWhole(indexFile(state), indexText(groups.values())));
  }
  return looks.flatMap(({ lines }) => lines).sort(newestFirst);
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
  readonly lines: readonly SetLine[];
  /** When the folder of each had last changed when it was read; NaN: it may have changed since. */
  readonly stamps: readonly number[];
  /** So many more the index could have. */
  readonly learnt: number;
  /** The index has a line that may no longer be true, and no flag beside the set says so. */
  readonly wrong: boolean;
}

async function look(state: StateFolder, found: Names): Promise<Look> {
  const { group, indexed, names, places, unknown, flagged } = found;
  const folder = join(setsFolder(state), group);
  const before = indexed?.stamps() ?? [];
  const now = await state.files.changed(folder, names);
  const lines: SetLine[] = [];
  const stamps: number[] = [];
  const doubted = [...unknown];
  let wrong = false;
  // Columns, and nothing that is made for each of a hundred thousand but its line.
  for (let index = 0; index < names.length; index += 1) {
    const [name = '', place = -1, stamp = Number.NaN] = [names[index], places[index], now[index]];
    if (place < 0) continue;
    const line = stamp === before[place] ? indexed?.lineAt(place, name) : undefined;
    if (line === undefined) {
      const set = parseSetId(name);
      if (set !== undefined) doubted.push(set);
      if (!flagged.has(name)) wrong = true;
    } else {
      lines.push(line);
      stamps.push(stamp);
    }
  }
  let learnt = 0;
  for (const name of doubted) {
    const [from] = await state.files.changed(folder, [name.id]);
    const entry = await readSet(state, name);
    if (entry === undefined) continue;
    const [to = Number.NaN] = await state.files.changed(folder, [name.id]);
    const [line, stamp] = [lineOf(entry), from === to ? to : Number.NaN];
    lines.push(line);
    stamps.push(stamp);
    learnt += indexable(line, stamp).length;
  }
  if (doubted.length === 0) return { group, lines, stamps, learnt, wrong };
  const order = [...lines.keys()].sort((a, b) => ((lines[a]?.id ?? '') < (lines[b]?.id ?? '') ? -1 : 1));
  return {
    group,
    lines: order.flatMap((at) => lines[at] ?? []),
    stamps: order.map((at) => stamps[at] ?? Number.NaN),
    learnt,
    wrong,
  };
}

/** Without the manifest: a hundred thousand of them do not fit into the memory of a small machine. */
function lineOf(entry: SetEntry): SetLine {
  if (entry.state === 'unreadable' || entry.state === 'removing') return entry;
  const { manifest: _manifest, startedAt: _startedAt, removal, ...line } = entry;
  return removal === undefined ? line : { ...line, removal: { because: removal.because } };
}

function indexable(line: SetLine, stamp = Number.NaN): readonly IndexedSet[] {
  const isOpen = line.state === 'unreadable' || line.state === 'removing';
  return isOpen || Number.isNaN(stamp) ? [] : [{ line, stamp }];
}

function indexFile(state: StateFolder): string {
  return join(state.root, 'sets.index');
}
