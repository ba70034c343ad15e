import { count } from '../base/count.ts';
import { seconds } from '../base/deadline.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Doubt, LedgerReport, VolumeReport } from './report.ts';

/** What copies of a ledger show, in one sentence with its number. Without a full stop. */
export function ledgerSentence(report: LedgerReport): string {
  const { answer, records, volumes } = report;
  switch (answer) {
    case 'one-instant':
      return `One instant, as far as this ledger tells: ${count(records, 'record')} on ${count(volumes.length, 'volume')}, none missing`;
    case 'violated':
      return `Not one instant: ${violationText(volumes)}`;
    case 'cannot-be-judged': {
      const [doubt] = report.doubts;
      return `Cannot be judged: ${doubt === undefined ? 'there is no copy of a ledger' : doubtText(doubt)}`;
    }
    default:
      return unreachable(answer);
  }
}

function violationText(volumes: readonly VolumeReport[]): string {
  const behind = volumes.filter(({ missing }) => missing > 0);
  if (behind.length > 0) {
    const [furthest] = [...behind].sort((a, b) => b.missing - a.missing);
    const others =
      behind.length > 1
        ? `, and ${count(behind.length - 1, 'other volume')} ${behind.length === 2 ? 'is' : 'are'} behind too`
        : '';
    if (furthest !== undefined) return `${lacks(furthest)}${others}`;
  }
  const wrong = volumes.filter(({ damaged, unchained }) => damaged + unchained > 0);
  return wrong.map((volume) => `${volume.volume} has ${wrongText(volume).join(' and ')}`).join('; ');
}

function lacks({ volume, missing, behindMs }: VolumeReport): string {
  const late = behindMs === undefined ? '' : `; it is ${seconds(behindMs)} behind`;
  return `${volume} lacks ${count(missing, 'record')} that ${missing === 1 ? 'was' : 'were'} on the disk before others that are there${late}`;
}

export function wrongText({ damaged, unchained }: VolumeReport): readonly string[] {
  return [
    ...(damaged === 0 ? [] : [count(damaged, 'damaged line')]),
    ...(unchained === 0 ? [] : [`${count(unchained, 'record')} of another history`]),
  ];
}

export function doubtText(doubt: Doubt): string {
  switch (doubt.kind) {
    case 'no-ledger':
      return `there is no ledger in ${doubt.volume}`;
    case 'several-ledgers': {
      const which = doubt.ledgers.map(({ volume, ledger }) => `${volume} has ${ledger}`);
      return `the copies are of several ledgers, or a writer began anew between the snapshots: ${which.join(', ')}`;
    }
    case 'volume-twice':
      return `${doubt.volumes.join(' and ')} are copies of the same volume`;
    case 'volume-missing':
      return `volume ${doubt.number} of ${doubt.of} is missing`;
    case 'hardly-begun':
      return `the ledger had hardly begun: ${count(doubt.highest, 'record')}, and less than ${doubt.wanted} show nothing`;
    case 'stood-still':
      return `the last record was written ${seconds(doubt.ageMs)} before the snapshot: a writer that stands still shows nothing`;
    case 'clock-ahead':
      return `by the guest’s clock the last record is of ${seconds(doubt.aheadMs)} after the snapshot: how long the writer had stood still is not known`;
    default:
      return unreachable(doubt);
  }
}
