import { readFileSync } from 'node:fs';

export interface WriteOrder {
  /** One on each file system, in the order of writing. */
  readonly folders: readonly string[];
  /** Absent: until it is told to end. */
  readonly forMs?: number;
  /** Between two records; absent: the program's own 2 ms. */
  readonly everyMs?: number;
  /** What each volume keeps; absent: the program's own 8192. */
  readonly slots?: number;
}

/** The program that writes a ledger, in ASCII, for Python 3.5 or newer. */
export function ledgerProgram(): string {
  return readFileSync(new URL('ledger.py', import.meta.url), 'ascii');
}

export function ledgerArguments({ folders, forMs, everyMs, slots }: WriteOrder): readonly string[] {
  return [
    ...(forMs === undefined ? [] : ['--for', String(forMs / 1000)]),
    ...(everyMs === undefined ? [] : ['--every', String(everyMs)]),
    ...(slots === undefined ? [] : ['--records', String(slots)]),
    ...folders,
  ];
}
