import { wrongWithName } from '../names.ts';
import type { Listing } from './config.ts';
import { fieldOf, parseJson, valuesAt } from './json-rows.ts';
import { MOST_ROWS, matchLines, tooManyRows } from './pattern.ts';

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

/** @param needed columns without which it is no row */
export function rowsIn(listing: Listing, text: string, needed: readonly Column[]): Rows {
  const candidates = listing.json === undefined ? fromLines(listing.row ?? '', text) : fromJson(listing.json, text);
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
  return matchLines(pattern, lines, LIMIT_MS).map((groups, index) => ({
    row: groups === null ? undefined : pick((column) => groups[column]),
    text: lines[index] ?? '',
  }));
}

function fromJson(fields: NonNullable<Listing['json']>, text: string): readonly Candidate[] {
  if (text.trim() === '') return [];
  const names: Readonly<Record<string, string | undefined>> = fields;
  const values = valuesAt(parseJson(text), fields.rows);
  if (values.length > MOST_ROWS) throw tooManyRows(values.length, 'rows');
  return values.map((value) => ({
    row: pick((column) => {
      const name = names[column];
      return name === undefined ? undefined : fieldOf(value, name);
    }),
    text: JSON.stringify(value),
  }));
}

function pick(read: (column: Column) => string | undefined): Row {
  const found = COLUMNS.map((column) => [column, read(column)] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value !== ''));
}

function isSafe(value: string | undefined): boolean {
  return value === undefined || wrongWithName(value) === undefined;
}
