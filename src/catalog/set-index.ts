import { crc32 } from 'node:zlib';
import { type CutLabel, LEVELS, type SetId } from '../model.ts';
import { isLabel } from './names.ts';
import type { StandingLine } from './set-entry.ts';

/**
 * What was read of a group's sets that stand, or are all gone, in the order of their ids. In columns: whoever only counts
 * takes the states, and the rest stays text until it is asked for.
 */
export interface IndexedGroup {
  readonly name: string;
  /** Where each of these names has its line; -1: nowhere. They are in order. */
  placesOf(names: readonly string[]): readonly number[];
  /** What the set was; undefined: not understood. */
  stateAt(place: number): StandingLine['state'] | undefined;
  /** What `FileSystem.changed` said of each set's folder when it was read. */
  stamps(): readonly unknown[];
  /** Of the name that has its line there. Undefined: not understood. */
  lineAt(place: number, id: string): StandingLine | undefined;
  /** As it stands in the file. */
  text(): string;
}

/** One set of it, to be written. */
export interface IndexedSet {
  readonly line: StandingLine;
  readonly stamp: number;
}

const FORM = 'stillpoint sets 1';
const LINES_A_GROUP = 6;

export function indexText(groups: Iterable<IndexedGroup>): string {
  const body = [...groups].map((group) => group.text()).join('');
  return `${FORM} ${checksum(body)}\n${body}`;
}

/** By group. Undefined: of another version, damaged or changed by hand; then nothing of it is believed. */
export function parseIndex(text: string): ReadonlyMap<string, IndexedGroup> | undefined {
  const head = text.slice(0, text.indexOf('\n'));
  const body = text.slice(head.length + 1);
  if (head !== `${FORM} ${checksum(body)}`) return undefined;
  const lines = body.split('\n');
  const groups = new Map<string, IndexedGroup>();
  for (let at = 0; at + LINES_A_GROUP < lines.length; at += LINES_A_GROUP) {
    const [name = '', ids = '', states = '', stamps = '', levels = '', rests = ''] = lines.slice(
      at,
      at + LINES_A_GROUP,
    );
    groups.set(name, groupOf({ name, ids, states, stamps, levels, rests }));
  }
  return groups;
}

/** @param sets in the order of their ids */
export function indexedGroup(name: string, sets: readonly IndexedSet[]): IndexedGroup {
  const levels = [...new Set(sets.map(({ line }) => JSON.stringify([line.level, line.levelText])))];
  const places = new Map(levels.map((text, place) => [text, place]));
  const levelOf = (line: StandingLine) => places.get(JSON.stringify([line.level, line.levelText]));
  return groupOf({
    name,
    ids: sets.map(({ line }) => line.id).join(' '),
    states: sets.map(({ line }) => line.state[0]).join(''),
    stamps: JSON.stringify(sets.map(({ stamp }) => stamp)),
    levels: `[${levels}]`,
    rests: JSON.stringify(sets.map(({ line }) => restOf(line, levelOf(line)))),
  });
}

type Columns = Readonly<Record<'name' | 'ids' | 'states' | 'stamps' | 'levels' | 'rests', string>>;

function groupOf(columns: Columns): IndexedGroup {
  const { name, ids, states } = columns;
  let lists: { readonly levels: readonly unknown[]; readonly rests: readonly unknown[] } | undefined;
  return {
    name,
    placesOf: (names) => placesIn(ids, names),
    stateAt: (place) => STATES[states[place] ?? ''],
    stamps: () => listOf(columns.stamps),
    lineAt(place, id) {
      lists ??= { levels: listOf(columns.levels), rests: listOf(columns.rests) };
      const [state, rest] = [STATES[states[place] ?? ''], lists.rests[place]];
      if (state === undefined || !isRest(rest) || !isIndexed(id)) return undefined;
      const shown = lists.levels[rest[3]];
      if (!isShownLevel(shown)) return undefined;
      const [label, takenAt, windowMs] = [rest[0], rest[1], rest[2]];
      const line = { id, group: name, state, label, takenAt, level: shown[0], levelText: shown[1], windowMs };
      return rest[4] === undefined ? line : { ...line, ...rest[4] };
    },
    text: () => `${[name, ids, states, columns.stamps, columns.levels, columns.rests].join('\n')}\n`,
  };
}

const STATES: Readonly<Record<string, StandingLine['state']>> = { g: 'good', w: 'weak', r: 'removed' };

/** What is in no column of its own. */
type Rest = readonly [
  label: CutLabel,
  takenAt: string,
  windowMs: number,
  /** Among the levels of the group: there are few. */
  level: number,
  besides?: Pick<StandingLine, 'note' | 'key' | 'pinned' | 'weakness' | 'removal'>,
];

function restOf(line: StandingLine, level: number | undefined): readonly unknown[] {
  const { label, takenAt, windowMs, note, key, pinned, weakness, removal } = line;
  const because = removal === undefined ? undefined : { because: removal.because };
  const besides = Object.entries({ note, key, pinned, weakness, removal: because });
  const own = [label, takenAt, windowMs, level];
  return besides.some(([, value]) => value !== undefined) ? [...own, Object.fromEntries(besides)] : own;
}

/** What has a line was a set id when that was written: a hundred thousand need no closer look. */
function isIndexed(id: string): id is SetId {
  return id.at(-5) === '-';
}

function placesIn(ids: string, names: readonly string[]): readonly number[] {
  // As a rule nothing has changed, and they are very many.
  if (names.join(' ') === ids) return [...names.keys()];
  const places: number[] = [];
  let [from, place] = [0, 0];
  for (const name of names) {
    while (from < ids.length && !ids.startsWith(name, from)) {
      const end = ids.indexOf(' ', from);
      const id = ids.slice(from, end < 0 ? ids.length : end);
      if (id > name) break;
      from += id.length + 1;
      place += 1;
    }
    const end = from + name.length;
    const isHere = ids.startsWith(name, from) && (end === ids.length || ids.charCodeAt(end) === SPACE);
    places.push(isHere ? place : -1);
    if (isHere) [from, place] = [end + 1, place + 1];
  }
  return places;
}

const SPACE = 0x20;

/** Member by member: this is done very many times. */
function isRest(value: unknown): value is Rest {
  if (!Array.isArray(value) || typeof value[0] !== 'string' || !isLabel(value[0])) return false;
  const besides = typeof value[4];
  const isWhole = typeof value[1] === 'string' && typeof value[2] === 'number' && typeof value[3] === 'number';
  return isWhole && (besides === 'undefined' || besides === 'object');
}

function isShownLevel(value: unknown): value is readonly [StandingLine['level'], string] {
  return Array.isArray(value) && LEVELS.includes(value[0]) && typeof value[1] === 'string';
}

function listOf(text: string): readonly unknown[] {
  try {
    // How deep it nests need not be looked at: the checksum says that it is as it was written.
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list : [];
  } catch {
    return [];
  }
}

function checksum(text: string): string {
  return crc32(text).toString(16);
}
