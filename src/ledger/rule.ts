import { defined } from '../base/defined.ts';
import { type LedgerCopy, type LedgerText, readCopy } from './copy.ts';
import { notEnough, notTogether, withoutLedger } from './doubts.ts';
import { type LedgerRecord, slotOf } from './record.ts';
import type { LedgerReport, VolumeReport } from './report.ts';

/**
 * The rule of the order ledger. A writer puts record k on one volume, waits until it is on the disk, and only then begins
 * record k + 1 on the next volume. So in every state that ever existed, record k means that every record before it is
 * there, on every volume. Copies that break this were not cut at one instant.
 *
 * It looks from the last record of all at every volume, and so in both directions: a rule that compares what was written
 * first with what was written then finds nothing where the array that came first in this order was cut last.
 *
 * @param cutAtMs when the snapshots were taken, in ms since 1970, where that is known
 */
export function judgeLedger(texts: readonly LedgerText[], cutAtMs?: number): LedgerReport {
  const copies = texts.map(readCopy);
  const [head] = copies.flatMap((copy) => copy.head ?? []);
  const apart = notTogether(copies);
  if (head === undefined || apart.length > 0) return notJudged(copies, [...apart, ...withoutLedger(copies)]);

  const ledger = together(head, copies);
  const { latest, records } = ledger;
  const volumes = copies.map((copy) => judgeCopy(copy, ledger));
  const ageMs = cutAtMs === undefined || latest === undefined ? undefined : cutAtMs - latest.wallMs;
  const doubts = notEnough(copies, head, latest?.k ?? 0, ageMs);
  // The first record is only begun when all files are whole on their disks: until then they may be in any state.
  const isViolated =
    latest !== undefined && volumes.some(({ missing, damaged, unchained }) => missing + damaged + unchained > 0);
  const roundMs = roundOf(ledger);
  return {
    answer: isViolated ? 'violated' : doubts.length > 0 ? 'cannot-be-judged' : 'one-instant',
    ledger: head.ledger,
    expected: head.volumes,
    volumes,
    highest: latest?.k ?? 0,
    records: records.size,
    begunAtMs: head.wallMs,
    ...defined({ lastAtMs: latest?.wallMs, ageMs, roundMs }),
    unfinished: copies.some((copy) => isUnfinished(copy, ledger)),
    doubts,
  };
}

/** All copies of one ledger. */
interface Together {
  readonly head: LedgerRecord;
  /** Of all volumes, by k. */
  readonly records: ReadonlyMap<number, LedgerRecord>;
  /** The one with the highest k. */
  readonly latest: LedgerRecord | undefined;
}

function together(head: LedgerRecord, copies: readonly LedgerCopy[]): Together {
  const records = new Map(copies.flatMap((copy) => [...copy.records]));
  const highest = copies.reduce((most, { last }) => Math.max(most, last), 0);
  return { head, records, latest: records.get(highest) };
}

function notJudged(copies: readonly LedgerCopy[], doubts: LedgerReport['doubts']): LedgerReport {
  const volumes = copies.map(({ volume, head, records, last }) => ({
    volume,
    ...defined({ number: head?.volume }),
    records: records.size,
    last,
    missing: 0,
    damaged: 0,
    unchained: 0,
  }));
  return { answer: 'cannot-be-judged', volumes, highest: 0, records: 0, unfinished: false, doubts };
}

function judgeCopy(copy: LedgerCopy, ledger: Together): VolumeReport {
  const { volume, head, records, last, damaged, hasItsLength } = copy;
  if (head === undefined) return { volume, records: 0, last: 0, missing: 0, damaged: 0, unchained: 0 };
  const missing = missingIn(copy, head.volume, ledger);
  const [missingFrom] = missing;
  const [own, { latest }] = [records.get(last), ledger];
  const behindMs = own === undefined || latest === undefined ? undefined : latest.monotonicMs - own.monotonicMs;
  return {
    volume,
    number: head.volume,
    records: records.size,
    last,
    missing: missing.length,
    ...defined({ missingFrom }),
    ...(missingFrom === undefined || behindMs === undefined ? {} : { behindMs }),
    damaged: damaged.length - (isUnfinished(copy, ledger) ? 1 : 0) + (hasItsLength ? 0 : 1),
    unchained: [...records.values()].filter((record) => isUnchained(record, ledger)).length,
  };
}

/** What a volume must have kept of all that was written up to the last record of all, and has not. */
function missingIn(copy: LedgerCopy, number: number, ledger: Together): readonly number[] {
  const { volumes, slots } = ledger.head;
  const highest = ledger.latest?.k ?? 0;
  const first = highest + 1 - slots * volumes;
  const oldest = Math.max(1, first);
  // The write that was under way had begun to take the place of this one.
  const overwritten = isUnfinished(copy, ledger) ? first : undefined;
  const missing: number[] = [];
  for (let k = oldest + ((((number - oldest) % volumes) + volumes) % volumes); k <= highest; k += volumes) {
    if (!copy.records.has(k) && k !== overwritten) missing.push(k);
  }
  return missing;
}

/** Whether the damage in this copy is where the record after the last of all was being written. */
function isUnfinished({ head, damaged }: LedgerCopy, { head: { volumes, slots }, latest }: Together): boolean {
  const k = (latest?.k ?? 0) + 1;
  return head?.volume === ((k - 1) % volumes) + 1 && damaged.includes(slotOf({ k, volumes, slots }));
}

function isUnchained({ k, previous }: LedgerRecord, { records }: Together): boolean {
  const before = records.get(k - 1);
  return before !== undefined && before.checksum !== previous;
}

/** What the pace is taken from, at the most. */
const RECENT_ROUNDS = 50;

function roundOf({ head: { volumes }, records, latest }: Together): number | undefined {
  if (latest === undefined) return undefined;
  for (let rounds = RECENT_ROUNDS; rounds > 0; rounds -= 1) {
    const earlier = records.get(latest.k - rounds * volumes);
    if (earlier !== undefined) return (latest.monotonicMs - earlier.monotonicMs) / rounds;
  }
  return undefined;
}
