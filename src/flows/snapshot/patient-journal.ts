import { asFault } from '../../base/fault.ts';
import type { Journal, JournalEntry } from '../../catalog/journal.ts';
import type { RunParts } from './run-parts.ts';

/** A journal that a full disk cannot stop: after the window nothing depends on it but the next clean-up, which is told. */
export function patient(parts: RunParts, journal: Journal): Journal {
  let told = false;
  const attempt = async (write: () => Promise<void>): Promise<void> => {
    try {
      await write();
    } catch (thrown) {
      const { code, message } = asFault(thrown);
      const finding = {
        code,
        severity: 'warning' as const,
        subject: 'state folder',
        message: `the run's journal could not be written: ${message}`,
      };
      if (!told) parts.emit({ type: 'finding', finding });
      told = true;
    }
  };
  return {
    run: journal.run,
    note: (entry: JournalEntry) => attempt(() => journal.note(entry)),
    window: (record) => attempt(() => journal.window(record)),
    finish: (result) => attempt(() => journal.finish(result)),
  };
}
