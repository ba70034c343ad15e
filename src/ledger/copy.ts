import { defined } from '../base/defined.ts';
import { BLANK, type LedgerRecord, LINE_CHARACTERS, MOST_SLOTS, recordIn, slotOf } from './record.ts';

/** A volume's ledger as it was found, for instance in a snapshot. */
export interface LedgerText {
  /** What people call the volume: a path, a mount point. */
  readonly volume: string;
  /** Its bytes, one character each (latin1). */
  readonly text: string;
}

/** The same, read. */
export interface LedgerCopy {
  readonly volume: string;
  /** The line that begins it; where that one is damaged, any other. Absent: nothing in it is of a ledger. */
  readonly head?: LedgerRecord;
  /** By k, without the line that begins the file. */
  readonly records: ReadonlyMap<number, LedgerRecord>;
  /** Lines that hold neither a record nor nothing, or a record that belongs elsewhere: by their place in the file. */
  readonly damaged: readonly number[];
  /** A file never changes its length once it was begun: what is cut off was there, and what is too much never was. */
  readonly hasItsLength: boolean;
  /** The highest k; 0: no record yet. */
  readonly last: number;
}

const STRIDE = LINE_CHARACTERS + 1;

/** Reads line by line, each at its fixed place: whatever the text is, this takes no more than its length. */
export function readCopy({ volume, text }: LedgerText): LedgerCopy {
  const records = new Map<number, LedgerRecord>();
  const damaged: number[] = [];
  let first: LedgerRecord | undefined;
  let any: LedgerRecord | undefined;
  let last = 0;
  const lines = Math.min(Math.ceil(text.length / STRIDE), MOST_SLOTS + 1);
  for (let nth = 0; nth < lines; nth += 1) {
    const line = text.slice(nth * STRIDE, (nth + 1) * STRIDE);
    if (nth > 0 && line === BLANK_LINE) continue;
    const record = line.endsWith('\n') ? recordIn(line.slice(0, -1)) : undefined;
    any ??= record;
    if (record === undefined || slotOf(record) !== nth || isStranger(record, any)) {
      damaged.push(nth);
    } else if (nth === 0) {
      first = record;
    } else {
      records.set(record.k, record);
      last = Math.max(last, record.k);
    }
  }
  const head = first ?? any;
  const hasItsLength = head !== undefined && text.length === (head.slots + 1) * STRIDE;
  return { volume, ...defined({ head }), records, damaged, hasItsLength, last };
}

const BLANK_LINE = `${BLANK}\n`;

/** A file begins anew whenever its writer does: two ledgers are never in one. */
function isStranger(record: LedgerRecord, other: LedgerRecord | undefined): boolean {
  return (
    other !== undefined &&
    (record.ledger !== other.ledger ||
      record.volume !== other.volume ||
      record.volumes !== other.volumes ||
      record.slots !== other.slots)
  );
}
