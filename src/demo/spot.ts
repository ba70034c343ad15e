import { readFile } from 'node:fs/promises';

/** A place on a disk: 16 digits at this offset of a file. */
export interface Spot {
  readonly file: string;
  readonly offset: number;
}

export const DIGITS = 16;

/** The number that stands there; 0 where nothing was written yet. */
export async function readSpot(spot: Spot): Promise<number> {
  const bytes = await readFile(spot.file);
  const digits = bytes.subarray(spot.offset, spot.offset + DIGITS).toString('latin1');
  return /^\d+$/.test(digits) ? Number(digits) : 0;
}
