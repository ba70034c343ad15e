import type { Intent } from '../catalog/intent.ts';
import type { RunRecord } from '../catalog/journal.ts';
import type { ArraySnapshot } from '../model.ts';
import type { ArrayDriver } from '../ports.ts';
import type { Late } from './clean-up.ts';

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
  const opened = record.faults.length > 0 || record.entries.some(({ type }) => type === 'opening');
  const isArmed = record.entries.some((entry) => entry.type === 'arming' && entry.array === id);
  const late = opened
    ? isCutOpen(record, intent, id, there) && { what: 'snapshot' as const, sentBy: lastFire(record, intent) }
    : isArmed && traits.prepares === true && { what: 'prepared' as const, sentBy: lastArm(record, now) };
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

/** By the end of the window, if it came to that. */
function lastFire({ entries }: RunRecord, intent: Intent): number {
  const opening = entries.find((entry) => entry.type === 'opening');
  return opening?.at === undefined ? Date.parse(intent.startedAt) : Date.parse(opening.at) + intent.timing.windowMs;
}

/**
 * An `arm` is several commands, and is waited for as long as the run has time: the last of them can have been sent right
 * before its end, which for a run without a last word is not known to be earlier than now.
 */
function lastArm({ result }: RunRecord, now: Date): number {
  return result === undefined ? now.getTime() : Date.parse(result.finishedAt);
}
