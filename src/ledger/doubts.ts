import type { LedgerCopy } from './copy.ts';
import type { LedgerRecord } from './record.ts';
import type { Doubt } from './report.ts';

/** Less than so many records a volume is no ledger that advanced. */
const LEAST_ROUNDS = 3;
/**
 * A writer that rested for so long before the snapshot shows nothing. Clocks of guests and arrays differ by seconds; where
 * they differ by more, as after an RTC that was taken for UTC, nobody knows how long it rested.
 */
const STALE_MS = 60_000;

/** Why these copies are not the volumes of one ledger, and cannot even be compared. */
export function notTogether(copies: readonly LedgerCopy[]): readonly Doubt[] {
  const headed = copies.flatMap(({ volume, head }) => (head === undefined ? [] : [{ volume, head }]));
  const shapes = new Set(headed.map(({ head }) => `${head.ledger} ${head.volumes} ${head.slots}`));
  if (shapes.size > 1) {
    const ledgers = headed.map(({ volume, head }) => ({ volume, ledger: head.ledger }));
    return [{ kind: 'several-ledgers', ledgers }];
  }
  return [...new Set(headed.map(({ head }) => head.volume))].flatMap((number): readonly Doubt[] => {
    const same = headed.filter(({ head }) => head.volume === number).map(({ volume }) => volume);
    return same.length > 1 ? [{ kind: 'volume-twice', number, volumes: same }] : [];
  });
}

/** Why copies in which nothing is wrong show nothing all the same. */
export function notEnough(
  copies: readonly LedgerCopy[],
  { volumes }: LedgerRecord,
  highest: number,
  ageMs: number | undefined,
): readonly Doubt[] {
  const there = new Set(copies.map(({ head }) => head?.volume));
  const absent = Array.from({ length: volumes }, (_, index) => index + 1).filter((number) => !there.has(number));
  const wanted = LEAST_ROUNDS * volumes;
  return [
    ...withoutLedger(copies),
    ...absent.map((number): Doubt => ({ kind: 'volume-missing', number, of: volumes })),
    ...(highest < wanted ? [{ kind: 'hardly-begun', highest, wanted } as const] : []),
    ...(ageMs !== undefined && ageMs > STALE_MS ? [{ kind: 'stood-still', ageMs } as const] : []),
    ...(ageMs !== undefined && ageMs < -STALE_MS ? [{ kind: 'clock-ahead', aheadMs: -ageMs } as const] : []),
  ];
}

export function withoutLedger(copies: readonly LedgerCopy[]): readonly Doubt[] {
  return copies.flatMap(({ head, volume }): readonly Doubt[] =>
    head === undefined ? [{ kind: 'no-ledger', volume }] : [],
  );
}
