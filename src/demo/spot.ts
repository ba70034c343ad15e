import { readFile } from 'node:fs/promises';
import { readCopy } from '../ledger/copy.ts';
import { LINE_CHARACTERS } from '../ledger/record.ts';

/** A place on a disk: a guest's ledger at this offset of a file. */
export interface Spot {
  readonly file: string;
  readonly offset: number;
}

/** Boot and data. */
const DISKS = 2;
/** As many as let the ledgers of all guests lie in one block of a disk that they share. */
export const SLOTS = 8;
export const LEDGER_BYTES = (SLOTS + 1) * (LINE_CHARACTERS + 1);

/** The ledger that stands there. */
export async function ledgerAt({ file, offset }: Spot): Promise<string> {
  return (await readFile(file)).toString('latin1', offset, offset + LEDGER_BYTES);
}

/** The number that was written there last; 0 where nothing was written yet. */
export async function readSpot(spot: Spot): Promise<number> {
  return numberOf(readCopy({ volume: spot.file, text: await ledgerAt(spot) }).last);
}

/** A record on each disk is one number. */
export function numberOf(record: number): number {
  return Math.ceil(record / DISKS);
}
