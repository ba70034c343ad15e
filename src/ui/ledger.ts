import { count } from '../base/count.ts';
import { seconds } from '../base/deadline.ts';
import { localTime } from '../base/local-time.ts';
import type { LedgerReport, VolumeReport } from '../ledger/report.ts';
import { doubtText, ledgerSentence, wrongText } from '../ledger/sentence.ts';
import { type Paint, PLAIN } from './paint.ts';
import { pad, WIDTH, widthOf, wrap } from './text.ts';

/** What copies of a ledger show: one sentence with its number, then what it rests on. */
export function ledgerLines(report: LedgerReport, paint: Paint = PLAIN): readonly string[] {
  const [first = '', ...rest] = wrap(ledgerSentence(report), WIDTH, '  ', '');
  const tint = report.answer === 'one-instant' ? paint.good : report.answer === 'violated' ? paint.bad : paint.warn;
  const width = Math.max(...report.volumes.map(({ volume }) => widthOf(volume)), 0);
  return [
    tint(first),
    ...rest,
    ...report.doubts.slice(report.answer === 'cannot-be-judged' ? 1 : 0).map((doubt) => `  ${doubtText(doubt)}`),
    ...report.volumes.map((volume) => `  ${volume.number ?? '-'}  ${pad(volume.volume, width)}  ${volumeText(volume)}`),
    ...restsOn(report).flatMap((text) => wrap(text, WIDTH, '  ')),
  ];
}

/** The same for machines. */
export function ledgerDocument(report: LedgerReport): Readonly<Record<string, unknown>> {
  const { begunAtMs, lastAtMs, ...rest } = report;
  return {
    sentence: ledgerSentence(report),
    ...rest,
    ...(begunAtMs === undefined ? {} : { begunAt: new Date(begunAtMs).toISOString() }),
    ...(lastAtMs === undefined ? {} : { lastAt: new Date(lastAtMs).toISOString() }),
  };
}

function volumeText(volume: VolumeReport): string {
  const { number, records, last, missing, missingFrom } = volume;
  if (number === undefined) return 'no ledger';
  const gap = missing === 0 ? [] : [`${missing} missing, the first ${missingFrom}`];
  return [`${count(records, 'record')}, the last ${last}`, ...gap, ...wrongText(volume)].join('; ');
}

function restsOn({ ledger, begunAtMs, lastAtMs, ageMs, roundMs, unfinished }: LedgerReport): readonly string[] {
  if (ledger === undefined || begunAtMs === undefined || lastAtMs === undefined) return [];
  const age = ageMs === undefined ? '' : `, ${seconds(Math.abs(ageMs))} ${ageMs < 0 ? 'after' : 'before'} the snapshot`;
  return [
    `Ledger ${ledger}, begun ${localTime(new Date(begunAtMs))}; last record ${localTime(new Date(lastAtMs))}${age}, by the guest's clock.`,
    ...(unfinished ? ['A write was under way at the end: normal, where nobody held the guest.'] : []),
    ...(roundMs === undefined
      ? []
      : [`One record on every volume took ${seconds(roundMs)}: a smaller difference may escape it.`]),
  ];
}
