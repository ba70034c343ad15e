import type { Intent } from '../../catalog/intent.ts';
import { mayHaveOpened, type RunRecord } from '../../catalog/journal.ts';
import type { ArrayId, ArraySnapshot, WindowRecord } from '../../model.ts';
import type { ArrayDriver } from '../../ports.ts';
import type { Late } from './take-back.ts';

/**
 * What an array may still carry out of a run that has ended, and until when; undefined: all was answered, or its time is
 * past.
 *
 * @param there what it shows under the run's label: a volume that has its snapshot is waited for no longer
 */
export function lateOf(
  record: RunRecord,
  intent: Intent,
  { id, traits }: Pick<ArrayDriver, 'id' | 'traits'>,
  there: readonly ArraySnapshot[],
  now: Date,
): Late | undefined {
  const isArmed = record.entries.some((entry) => entry.type === 'arming' && entry.array === id);
  const late = mayHaveOpened(record)
    ? isCutOpen(record, intent, id, there) && { what: 'snapshot' as const, sentBy: lastFire(record, intent, id, now) }
    : isArmed && traits.prepares === true && { what: 'prepared' as const, sentBy: endOf(record, now) };
  if (late === false) return undefined;
  const until = new Date(late.sentBy + traits.lateMs);
  return until.getTime() > now.getTime() ? { what: late.what, until } : undefined;
}

function isCutOpen(record: RunRecord, intent: Intent, array: string, there: readonly ArraySnapshot[]): boolean {
  const fires = record.window?.fires.filter((fire) => fire.array === array);
  if (fires?.every(({ outcome }) => outcome !== 'unknown') === true) return false;
  const units = intent.arrays.filter((one) => one.array === array).flatMap((one) => one.units);
  return !units
    .flatMap(({ volumes }) => volumes)
    .every((volume) => there.some(({ source }) => source.id === volume.id));
}

/**
 * When an array was last sent a request, by the record of the window: the run itself and whoever looks later say the same
 * time. Of one that has none in the record, when the window was over.
 */
export function lastSentAt({ startedAt, openedAtMs, closedAtMs, fires }: WindowRecord, array: ArrayId): Date {
  const sent = fires.filter((fire) => fire.array === array).map(({ sentAtMs }) => sentAtMs);
  const atMs = sent.length === 0 ? closedAtMs : Math.max(...sent);
  return new Date(Date.parse(startedAt) + atMs - openedAtMs);
}

/** By the end of the window, where there is no record of it and the journal tells when it was opened. */
function lastFire(record: RunRecord, intent: Intent, array: ArrayId, now: Date): number {
  if (record.window !== undefined) return lastSentAt(record.window, array).getTime();
  const opening = record.entries.find((entry) => entry.type === 'opening');
  return opening?.at === undefined ? endOf(record, now) : Date.parse(opening.at) + intent.timing.windowMs;
}

/**
 * What is waited for as long as the run has time, as an `arm` with its several commands is, can have been sent right
 * before its end, which for a run without a last word is not known to be earlier than now.
 */
function endOf({ result }: RunRecord, now: Date): number {
  return result === undefined ? now.getTime() : Date.parse(result.finishedAt);
}
