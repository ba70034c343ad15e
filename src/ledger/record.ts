import { createHash } from 'node:crypto';

/**
 * One line of a ledger. Every line says all that it takes to judge it: whose it is, where it belongs, what went before.
 *
 *     SPL-v1 LEDGER vv/VV slots record wall mono previous own
 *
 * All fields have a fixed width, and a line has 128 bytes with its newline: four to a sector, so that none lies across
 * two, and a write is either there or not.
 */
export interface LedgerRecord {
  /** 16 hex digits, drawn anew whenever a writer starts. */
  readonly ledger: string;
  /** Which of the volumes this lies on, from 1. */
  readonly volume: number;
  /** How many there are. */
  readonly volumes: number;
  /** Records that each volume keeps: the next takes the place of the oldest. */
  readonly slots: number;
  /** Its place in the one sequence of all volumes, from 1; 0: the line that begins a volume's file. */
  readonly k: number;
  /** The guest's clock, in ms since 1970. */
  readonly wallMs: number;
  /** The guest's monotonic clock. */
  readonly monotonicMs: number;
  /** The checksum of record k − 1, which lies on another volume. */
  readonly previous: string;
  readonly checksum: string;
}

export const LEDGER_FILE = 'stillpoint.ledger';
/** Without the newline. */
export const LINE_CHARACTERS = 127;
/** What a line is before a record is written there. */
export const BLANK = '.'.repeat(LINE_CHARACTERS);
/** With one, the write that is under way would take the place of all that a volume has kept. */
const LEAST_SLOTS = 2;
/** So many records a volume keeps at the most: a file of 16 MiB, which `verify` can still read whole. */
export const MOST_SLOTS = 131_071;
export const MOST_VOLUMES = 99;

const FORM =
  /^(SPL-v1 ([0-9a-f]{16}) (\d{2})\/(\d{2}) (\d{6}) (\d{12}) (\d{13}) (\d{13}) ([0-9a-f]{24})) ([0-9a-f]{24})$/;

/** The record in a line; undefined: it is none, or its checksum is not its own. */
export function recordIn(line: string): LedgerRecord | undefined {
  const [, signed, ledger, volume, volumes, slots, k, wallMs, monotonicMs, previous, checksum] = FORM.exec(line) ?? [];
  if (signed === undefined || ledger === undefined || previous === undefined || checksum === undefined)
    return undefined;
  if (checksumOf(signed) !== checksum) return undefined;
  const record = {
    ledger,
    volume: Number(volume),
    volumes: Number(volumes),
    slots: Number(slots),
    k: Number(k),
    wallMs: Number(wallMs),
    monotonicMs: Number(monotonicMs),
    previous,
    checksum,
  };
  return isPossible(record) ? record : undefined;
}

/** Of the line up to it. 96 bits: no damage goes unseen, and nobody forges a ledger to fool himself. */
export function checksumOf(signed: string): string {
  return createHash('sha256').update(signed).digest('hex').slice(0, 24);
}

/** The line of its volume's file where a record belongs; line 0 begins the file, and stays. */
export function slotOf({ k, volumes, slots }: Pick<LedgerRecord, 'k' | 'volumes' | 'slots'>): number {
  return k === 0 ? 0 : 1 + (Math.floor((k - 1) / volumes) % slots);
}

function isPossible({ volume, volumes, slots, k }: LedgerRecord): boolean {
  const isThere = volume >= 1 && volume <= volumes && slots >= LEAST_SLOTS && slots <= MOST_SLOTS;
  return isThere && (k === 0 || (k - 1) % volumes === volume - 1);
}
