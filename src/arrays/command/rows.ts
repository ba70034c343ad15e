import { wrongWithName } from '../names.ts';
import type { Listing } from './config.ts';
import { fieldOf, parseJson, valuesAt } from './json-rows.ts';
import { MOST_ROWS, matchLines, tooManyRows } from './pattern.ts';
import { sizeAround } from './size.ts';

/** What a listing's columns can be called. */
export type Column = 'volume' | 'snapshot' | 'id' | 'time' | 'unixtime' | 'size' | 'device' | 'state';
export type Row = Readonly<Partial<Record<Column, string>>>;

export interface Rows {
  readonly rows: readonly Row[];
  /** Lines, or rows of JSON, that could not be read as such, or that hold what must not reach a command. */
  readonly unread: readonly string[];
}

const COLUMNS: readonly Column[] = ['volume', 'snapshot', 'id', 'time', 'unixtime', 'size', 'device', 'state'];
/** For a listing of thousands of lines; a sound expression needs a hundredth of it. */
const LIMIT_MS = 1000;

/**
 * @param needed columns without which it is no row
 * @param known what is the same in all rows, where they do not say it
 */
export function rowsIn(listing: Listing, text: string, needed: readonly Column[], known: Row = {}): Rows {
  const read = listing.json === undefined ? fromLines(listing.row ?? '', text) : fromJson(listing.json, text);
  const candidates = read.map(({ row, text: line }) => ({ row: row && { ...known, ...row }, text: line }));
  const sound = ({ row }: Candidate): boolean =>
    needed.every((column) => row?.[column] !== undefined) && COLUMNS.every((column) => isSafe(row?.[column]));
  return {
    rows: candidates.filter(sound).flatMap(({ row }) => row ?? []),
    unread: candidates.filter((candidate) => !sound(candidate)).map(({ text: line }) => line),
  };
}

interface Candidate {
  readonly row: Row | undefined;
  readonly text: string;
}

function fromLines(pattern: string, text: string): readonly Candidate[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return matchLines(pattern, lines, LIMIT_MS).map((match, index) => {
    const line = lines[index] ?? '';
    if (match === null) return { row: undefined, text: line };
    const { groups, at } = match;
    const size = at.size && sizeAround(line, at.size);
    return { row: pick((column) => (column === 'size' ? size : groups[column])), text: line };
  });
}

function fromJson(fields: NonNullable<Listing['json']>, text: string): readonly Candidate[] {
  if (text.trim() === '') return [];
  const { where: _, ...names } = fields;
  const named: Readonly<Record<string, string | undefined>> = names;
  const all = valuesAt(parseJson(text), fields.rows);
  if (all.length > MOST_ROWS) throw tooManyRows(all.length, 'rows');
  const values = Object.entries(fields.where ?? {}).reduce(having, all);
  return values.map((value) => ({
    row: pick((column) => {
      const name = named[column];
      return name === undefined ? undefined : fieldOf(value, name);
    }),
    text: JSON.stringify(value),
  }));
}

/** Rows whose field matches. */
function having(rows: readonly unknown[], [name, pattern]: readonly [string, string]): readonly unknown[] {
  const hits = matchLines(
    pattern,
    rows.map((row) => fieldOf(row, name) ?? ''),
    LIMIT_MS,
  );
  return rows.filter((_, index) => hits[index] !== null);
}

function pick(read: (column: Column) => string | undefined): Row {
  const found = COLUMNS.map((column) => [column, read(column)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== ''));
}

function isSafe(value: string | undefined): boolean {
  return value === undefined || wrongWithName(value) === undefined;
}
