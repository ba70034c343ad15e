import { atLeast, best, type DiskRef, diskName, type Level, type PlannedDisk, weakest } from '../../src/model.ts';

/** When a disk could not be written, and by whose doing. */
export interface Still {
  readonly fromMs: number;
  readonly untilMs: number;
  /** What a guest's hold made of it; a fence quiesces nothing. */
  readonly gives: Level;
}

/** A disk, by what its image is made of, and whether it was to be held; `because`: why it was not. */
export type JudgedDisk = Pick<PlannedDisk, 'ref' | 'units' | 'because'>;

/** What really happened, as only the simulated world knows it. */
export interface Truth {
  /** When each cut unit was copied; absent: never. */
  readonly cutAtMs: ReadonlyMap<string, number>;
  stillnessOf(disk: DiskRef): readonly Still[];
}

/**
 * The level that the snapshots of these disks really have: an independent judge, which knows nothing of words, stamps
 * and answers. A disk that is not still is taken to be written without a pause, so its image belongs to the instant of
 * its cut and to no other. The images are one instant if there is a time to which every image belongs.
 */
export function trueLevel(
  plan: { readonly disks: readonly JudgedDisk[] },
  truth: Truth,
  vms: ReadonlySet<string>,
): Level {
  const disks = plan.disks.filter((disk) => vms.has(disk.ref.vm));
  const spans = disks.flatMap((disk) => disk.units.map((unit) => spanOf(disk.ref, truth.cutAtMs.get(unit), truth)));
  const from = Math.max(...spans.map((span) => span?.fromMs ?? Number.POSITIVE_INFINITY));
  const until = Math.min(...spans.map((span) => span?.untilMs ?? Number.NEGATIVE_INFINITY));
  if (from > until) return 'unproven';
  return weakest([...vms].map((vm) => vmLevel(vm)));

  function vmLevel(vm: string): Level {
    const own = disks.filter((disk) => disk.ref.vm === vm);
    const demanded = own.filter((disk) => disk.because === undefined);
    return weakest((demanded.length > 0 ? demanded : own).map((disk) => diskLevel(disk.ref, disk.units)));
  }

  function diskLevel(ref: DiskRef, units: readonly string[]): Level {
    return weakest(
      units.map((unit) => {
        const atMs = truth.cutAtMs.get(unit);
        if (atMs === undefined) throw new Error(`${diskName(ref)} was judged, and ${unit} never cut`);
        const holds = truth.stillnessOf(ref).filter((still) => still.fromMs <= atMs && atMs <= still.untilMs);
        const level = best(['crash' as const, ...holds.map((still) => still.gives)]);
        return atLeast(level, 'crash') ? level : 'crash';
      }),
    );
  }
}

/** All the times at which the disk held the bytes that the cut took: the stretch of standing still around it. */
function spanOf(
  ref: DiskRef,
  cutAtMs: number | undefined,
  truth: Truth,
): { fromMs: number; untilMs: number } | undefined {
  if (cutAtMs === undefined) return undefined;
  let span = { fromMs: cutAtMs, untilMs: cutAtMs };
  for (let grown = true; grown; ) {
    grown = false;
    for (const { fromMs, untilMs } of truth.stillnessOf(ref)) {
      if (fromMs > span.untilMs || untilMs < span.fromMs) continue;
      const wider = { fromMs: Math.min(fromMs, span.fromMs), untilMs: Math.max(untilMs, span.untilMs) };
      if (wider.fromMs < span.fromMs || wider.untilMs > span.untilMs) {
        span = wider;
        grown = true;
      }
    }
  }
  return span;
}
