import type { RootFile } from '../../evidence/root-file.ts';
import { type LedgerText, readCopy } from '../../ledger/copy.ts';
import type { LedgerReport } from '../../ledger/report.ts';
import { judgeLedger } from '../../ledger/rule.ts';
import { ledgerSentence } from '../../ledger/sentence.ts';
import type { Manifest } from '../../model.ts';
import type { Standing, Verified } from './verified.ts';

/** What became of reading the ledger of one file system. */
export interface LedgerFile {
  /** 'fast: mail_db' */
  readonly subject: string;
  readonly file: RootFile;
}

/**
 * What the order ledgers that guests kept while they were cut say of the set: each ledger for itself, over all of its
 * snapshots. A file system without one, or that cannot be read as it lies, has nothing to say.
 */
export function judgeLedgers(manifest: Manifest, found: readonly LedgerFile[]): readonly Verified[] {
  const texts = found.flatMap(({ subject, file }) =>
    file.kind === 'read' ? [{ volume: subject, text: file.text }] : [],
  );
  return [...byLedger(texts)].map(([ledger, copies]) => {
    const report = judgeLedger(copies, Date.parse(manifest.takenAt));
    return {
      subject: ledger === undefined ? 'ledger' : `ledger ${ledger}`,
      is: standingOf(report, manifest),
      code: `verify.ledger-${report.answer}`,
      message: ledgerSentence(report),
      ...(report.answer === 'violated' ? { hint: CONTRADICTED } : {}),
    };
  });
}

const CONTRADICTED =
  'What was written does not agree with one instant. Look at each volume in `stillpoint ledger check`, and use no part of this set before it is known why.';

/** Several guests may each keep one of their own; what no head tells of belongs to none. */
function byLedger(texts: readonly LedgerText[]): ReadonlyMap<string | undefined, readonly LedgerText[]> {
  const groups = new Map<string | undefined, readonly LedgerText[]>();
  for (const text of texts) {
    const ledger = readCopy(text).head?.ledger;
    groups.set(ledger, [...(groups.get(ledger) ?? []), text]);
  }
  return groups;
}

/**
 * It contradicts only what the set claims to be. A guest that was left aside is no part of that, nor is what a guest has
 * written since its guest snapshot.
 */
function standingOf({ answer }: LedgerReport, { verdict }: Manifest): Standing {
  if (answer === 'one-instant') return 'as-recorded';
  if (answer === 'cannot-be-judged') return 'not-looked-at';
  const isElsewhere =
    verdict.vms.some(({ aside }) => aside) || verdict.disks.some((disk) => disk.stilledBy === 'snapshot');
  return verdict.oneInstant && !isElsewhere ? 'wrong' : 'worth-knowing';
}
