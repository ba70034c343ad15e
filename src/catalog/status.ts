import { levelText, type SetId } from '../model.ts';
import { type Leftover, leftovers } from './leftovers.ts';
import { goodSets, lastGood, type RunEntry, type SetEntry } from './store.ts';

/** How a group stands, from files only. */
export interface GroupStatus {
  readonly group: string;
  readonly lastGood?: {
    readonly id: SetId;
    readonly takenAt: string;
    readonly ageMs: number;
    readonly levelText: string;
  };
  /** Good sets. */
  readonly kept: number;
  readonly weak: number;
  /** Manifests that cannot be read, and sets whose removal was begun. */
  readonly broken: readonly { readonly id: SetId; readonly why: string }[];
  /** Runs that failed, or ended without a word, since the last good set. */
  readonly failedSince: readonly SetId[];
  readonly leftovers: readonly Leftover[];
  /** The run that is going on now. */
  readonly running?: SetId;
  /** The limit that the last good set is older than. */
  readonly tooOldMs?: number;
  /** A good set that is not too old, and nothing that needs somebody. */
  readonly fine: boolean;
}

export interface StatusQuestion {
  readonly group: string;
  readonly sets: readonly SetEntry[];
  readonly runs: readonly RunEntry[];
  /** From the locks: runs whose process is alive. */
  readonly running: ReadonlySet<SetId>;
  readonly now: Date;
  readonly maxAgeMs?: number;
}

export function groupStatus(question: StatusQuestion): GroupStatus {
  const { group, now, maxAgeMs, running } = question;
  const sets = question.sets.filter((set) => set.group === group);
  const runs = question.runs.filter((run) => run.group === group);
  const good = lastGood(sets);
  const ageMs = good === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(good.manifest.takenAt));
  const tooOld = maxAgeMs !== undefined && good !== undefined && ageMs > maxAgeMs;
  const open = leftovers(sets, runs, running);
  const weak = sets.filter((set) => set.state === 'weak').length;
  const broken = sets.flatMap((set) => brokenOf(set));
  const current = runs.find((run) => running.has(run.id));
  return {
    group,
    ...(good === undefined
      ? {}
      : {
          lastGood: { id: good.id, takenAt: good.manifest.takenAt, ageMs, levelText: levelText(good.manifest.verdict) },
        }),
    kept: goodSets(sets).length,
    weak,
    broken,
    failedSince: runs
      .filter((run) => !running.has(run.id) && (run.state === 'failed' || run.state === 'unfinished'))
      // Killed after the manifest was written: the set stands, only the last word of its run is missing.
      .filter((run) => !sets.some((set) => set.id === run.id))
      .filter((run) => good === undefined || run.startedAt > good.startedAt)
      .map((run) => run.id),
    leftovers: open,
    ...(current === undefined ? {} : { running: current.id }),
    ...(tooOld ? { tooOldMs: maxAgeMs } : {}),
    fine: good !== undefined && !tooOld && weak === 0 && open.length === 0 && broken.length === 0,
  };
}

function brokenOf(set: SetEntry): GroupStatus['broken'] {
  if (set.state === 'unreadable') return [{ id: set.id, why: set.why }];
  return set.state === 'removing' ? [{ id: set.id, why: 'its removal was begun and not finished' }] : [];
}
