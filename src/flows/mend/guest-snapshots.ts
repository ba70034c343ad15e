import type { Deadline } from '../../base/deadline.ts';
import type { Journal } from '../../catalog/journal.ts';
import type { PointLeft } from '../../catalog/points.ts';
import { removeGuestSnapshots } from '../snapshot/guest-snapshots.ts';
import type { OpenRun } from './cases.ts';
import type { MendParts, Page } from './parts.ts';

/** Removes the guest snapshots that a run left on its VMs, by the run's label; what cannot be removed stays open. */
export async function mendPoints(
  parts: MendParts,
  { run, points }: OpenRun,
  journal: Journal,
  doing: 'look' | 'mend',
  page: Page,
  limit: Deadline,
): Promise<void> {
  const label = run.record.intent?.label;
  if (label === undefined || points.length === 0) return;
  const known = points.filter(({ vm }) => (parts.guests.get(vm)?.snapshotters ?? []).length > 0);
  for (const { vm } of points.filter((point) => !known.includes(point)))
    page.left.push(`run ${run.id}: guest ${vm}: ${NO_METHOD}`);
  if (doing === 'look') {
    for (const point of known) page.mended.push({ id: run.id, kind: 'guest-snapshots', text: intended(point) });
    return;
  }
  const places = known.map((point) => ({ ...point, snapshotters: parts.guests.get(point.vm)?.snapshotters ?? [] }));
  const standing = await removeGuestSnapshots(places, label, journal, limit);
  limit.signal.throwIfAborted();
  page.left.push(...standing.map(({ guest, why }) => `run ${run.id}: guest ${guest}: ${why}`));
  for (const point of known.filter(({ vm }) => standing.every(({ guest }) => guest !== vm)))
    page.mended.push({ id: run.id, kind: 'guest-snapshots', text: done(point) });
}

const NO_METHOD =
  'it may run on a guest snapshot of that run, and the topology no longer has a method for it that makes guest snapshots';

function intended({ vm, why }: PointLeft): string {
  return `the guest snapshot of ${vm} is looked for and removed (${why})`;
}

function done({ vm, why }: PointLeft): string {
  return `no guest snapshot of this run stands on ${vm} any more (${why})`;
}
