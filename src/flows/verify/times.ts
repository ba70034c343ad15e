import { seconds } from '../../base/deadline.ts';
import type { ArraySnapshot, Manifest } from '../../model.ts';
import type { Verified } from './verified.ts';

/** Arrays tell times in seconds, some rounded up. */
const ROUNDING_MS = 2_000;
/** A clock that is further off than this is worth a word; keeping time to the second is not ours to ask. */
const SKEW_MS = 5_000;

/**
 * Whether the times that arrays tell fit the window. Each has a clock of its own: how far that is off shows in all of its
 * snapshots alike, and only against each other can they contradict the record.
 */
export function judgeTimes(manifest: Manifest, array: string, present: readonly ArraySnapshot[]): readonly Verified[] {
  const told = present.flatMap(({ createdAt, name }) =>
    createdAt === undefined ? [] : [{ atMs: Date.parse(createdAt), name }],
  );
  const { startedAt, openedAtMs, closedAtMs } = manifest.window;
  const windowMs = closedAtMs - openedAtMs;
  const first = told.reduce<(typeof told)[number] | undefined>(
    (a, b) => (a === undefined || b.atMs < a.atMs ? b : a),
    undefined,
  );
  if (first === undefined) return [];
  const subject = `array ${array}`;
  const late = told.find(({ atMs }) => atMs - first.atMs > windowMs + ROUNDING_MS);
  if (late !== undefined) {
    const apart = seconds(late.atMs - first.atMs);
    return [
      {
        subject,
        is: 'wrong',
        code: 'verify.times-apart',
        message: `snapshots ${first.name} and ${late.name} are ${apart} apart; the whole window took ${seconds(windowMs)}`,
        hint: `They were not taken by one run. Take a new set: stillpoint snapshot ${manifest.group}`,
      },
    ];
  }
  const opened = Date.parse(startedAt);
  const offMs = first.atMs < opened ? first.atMs - opened : Math.max(0, first.atMs - opened - windowMs);
  if (Math.abs(offMs) <= SKEW_MS) return [];
  return [
    {
      subject,
      is: 'worth-knowing',
      code: 'verify.clock',
      message: `its clock was ${seconds(Math.abs(offMs))} ${offMs < 0 ? 'behind' : 'ahead of'} ours when it took its snapshots, all of them alike`,
      hint: 'Give the array and this machine the same time (NTP).',
    },
  ];
}
