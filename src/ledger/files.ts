import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, Fault } from '../base/fault.ts';
import type { LedgerText } from './copy.ts';
import { LEDGER_FILE, LINE_CHARACTERS, MOST_SLOTS } from './record.ts';

const LARGEST_BYTES = (MOST_SLOTS + 1) * (LINE_CHARACTERS + 1);

/**
 * The ledger at a path: a file, or a folder that has one, such as a snapshot that is mounted there. What lies in a
 * snapshot is whatever the guest left: no link in it is followed, and no pipe waited for.
 */
export async function ledgerTextAt(path: string): Promise<LedgerText> {
  try {
    const isFolder = (await stat(path)).isDirectory();
    const flags = constants.O_RDONLY | constants.O_NONBLOCK | (isFolder ? constants.O_NOFOLLOW : 0);
    const file = await open(isFolder ? join(path, LEDGER_FILE) : path, flags);
    try {
      const is = await file.stat();
      if (!is.isFile()) throw unreadable(path, 'it is no file');
      if (is.size > LARGEST_BYTES) throw unreadable(path, 'it is larger than any ledger');
      const bytes = Buffer.alloc(is.size);
      const { bytesRead } = await file.read(bytes, 0, is.size, 0);
      return { volume: path, text: bytes.toString('latin1', 0, bytesRead) };
    } finally {
      await file.close();
    }
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw unreadable(path, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function unreadable(path: string, why: string): Fault {
  return new Fault({
    code: 'ledger.unreadable',
    message: `no ledger can be read at ${path}: ${why}`,
    hint: `Name the file ${LEDGER_FILE}, or the folder where a copy of the volume that has it is mounted.`,
    exit: EXIT.notPrepared,
  });
}
