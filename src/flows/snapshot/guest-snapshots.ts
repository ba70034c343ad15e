import type { Deadline } from '../../base/deadline.ts';
import { gather } from '../../base/gather.ts';
import type { Journal } from '../../catalog/journal.ts';
import type {
  CutLabel,
  Finding,
  GuestSnapshotRecord,
  Placement,
  Plan,
  PlannedGuest,
  WindowRecord,
} from '../../model.ts';
import type { Snapshotter, VmIdentity } from '../../ports.ts';
import type { GuestSide } from '../survey.ts';
import { merging } from './after-window.ts';
import type { Opened, RunParts, Standing } from './run-parts.ts';

/** At once, of all VMs: each loads its host and its datastore, when it is made and when it is merged. */
const AT_ONCE = 4;

/**
 * Makes the guest snapshots of the plan, so that every array snapshot contains them. One that fails ends the run: what
 * it may have made is found by its label and removed with the rest.
 */
export async function beginAll(
  parts: RunParts,
  plan: Plan,
  journal: Journal,
  opened: Opened,
  limit: Deadline,
): Promise<void> {
  const wanted = plan.guests.filter(({ stages }) => stages.some(({ makes }) => makes === 'snapshot'));
  if (wanted.length === 0) return;
  parts.emit({ type: 'step', step: 'guest-snapshots' });
  for (const { vm, instanceUuid } of wanted) {
    await journal.note({ type: 'beginning', vm, instanceUuid });
    opened.pointed.set(vm, { vm, instanceUuid });
  }
  const failed: unknown[] = [];
  const outcomes = await gather(
    wanted,
    async (guest) => {
      // The first that fails ends the run: no more are begun.
      if (failed.length > 0) return;
      try {
        const begun = await begin(parts, guest, opened.label, limit);
        opened.begun.push(begun);
        await journal.note({ type: 'begun', snapshot: begun.snapshot });
      } catch (thrown) {
        failed.push(thrown);
        throw thrown;
      }
    },
    AT_ONCE,
  );
  const first = outcomes.find((outcome) => !outcome.ok);
  if (first?.ok === false) throw first.fault;
}

async function begin(
  parts: RunParts,
  { vm, instanceUuid, stages }: PlannedGuest,
  label: CutLabel,
  limit: Deadline,
): Promise<GuestSnapshotRecord> {
  const stage = stages.findIndex(({ makes }) => makes === 'snapshot');
  const { method = '', covers = [] } = stages[stage] ?? {};
  const side = parts.guests.get(vm);
  const snapshotter = side === undefined ? undefined : snapshotterOf(side, method);
  if (side === undefined || snapshotter === undefined)
    throw new Error(`the plan makes a guest snapshot of ${vm} by ${method}, and has no such method`);
  const sentAtMs = parts.clock.now();
  parts.emit({ type: 'guest', vm, stage, is: 'snapshotting', atMs: sentAtMs });
  const { snapshot, gives, because } = await snapshotter.begin(
    side.guest,
    { label, run: parts.run, instanceUuid, covers },
    limit,
  );
  const standsAtMs = parts.clock.now();
  parts.emit({ type: 'guest', vm, stage, is: 'snapshotted', atMs: standsAtMs });
  const record = { vm, stage, method, sentAtMs, standsAtMs, gives, covers, snapshot };
  return because === undefined ? record : { ...record, because };
}

function snapshotterOf({ snapshotters = [] }: GuestSide, method: string): Snapshotter | undefined {
  return snapshotters.find((one) => one.method === method);
}

export function withGuestSnapshots(record: WindowRecord, { begun }: Opened): WindowRecord {
  return begun.length === 0 ? record : { ...record, guestSnapshots: begun };
}

/** Of this run: what was begun on its VMs is removed, whatever becomes of the set. */
export async function concludeGuestSnapshots(
  parts: RunParts,
  { pointed, label }: Opened,
  journal: Journal,
): Promise<readonly Standing[]> {
  if (pointed.size === 0) return [];
  const places = [...pointed.values()].map((vm) => ({
    ...vm,
    snapshotters: parts.guests.get(vm.vm)?.snapshotters ?? [],
  }));
  const limit = merging(parts);
  const standing = await removeGuestSnapshots(places, label, journal, limit);
  limit.done();
  return standing;
}

/** A VM on which a run may have left a guest snapshot. */
interface PointPlace extends VmIdentity {
  readonly snapshotters: readonly Snapshotter[];
}

/**
 * Removes what stands of this label on these VMs, whether its set is kept or not: the array snapshots contain it. Looks
 * by label, so that also one is found whose answer was lost. What could not be removed is answered and noted.
 */
export async function removeGuestSnapshots(
  places: readonly PointPlace[],
  label: CutLabel,
  journal: Journal,
  limit: Deadline,
): Promise<readonly Standing[]> {
  const outcomes = await gather(places, (place) => removeFrom(place, label, limit), AT_ONCE);
  const remains: Standing[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    const place = places[index];
    if (place === undefined) continue;
    const { vm } = place;
    if (outcome.ok) await journal.note({ type: 'concluded', vm });
    else {
      const why = `its guest snapshot could not be removed: ${outcome.fault.message}`;
      await journal.note({ type: 'stands', vm, why });
      remains.push({ guest: vm, why });
    }
  }
  return remains;
}

async function removeFrom({ snapshotters, ...vm }: PointPlace, label: CutLabel, limit: Deadline): Promise<void> {
  for (const snapshotter of snapshotters)
    for (const one of await snapshotter.find(vm, label, limit)) await snapshotter.remove(one, limit);
}

/**
 * Guest snapshots of this run that vSphere no longer lists: with one, the point that the array snapshots should contain
 * was merged away, before or after they were taken.
 */
export function missingPoints({ begun }: Opened, now: Placement): readonly Finding[] {
  return begun.flatMap(({ vm, snapshot }) => {
    const there = now.vms.find((one) => one.vm === vm)?.snapshots.some(({ name }) => name === snapshot.name);
    if (there === true) return [];
    return [
      {
        code: 'run.guest-snapshot-gone',
        severity: 'error' as const,
        subject: vm,
        message: `its guest snapshot ${snapshot.name} is no longer there: somebody removed it during the run`,
        hint: 'Look at the tasks of the VM for who removed it, then run again.',
      },
    ];
  });
}
