import type { SetId, VmName } from '../model.ts';
import { guestsInDoubt } from './in-doubt.ts';
import { asOf, type Leftover, leftovers } from './leftovers.ts';
import { parseSetId } from './names.ts';
import type { SetEntry } from './set-entry.ts';
import type { Standing } from './standing.ts';
import type { RunEntry } from './store.ts';

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
  /** Runs whose locks stand where they cannot be judged from here: a person has to say whether they are over. */
  readonly outOfSight: readonly SetId[];
  /** Guests whose release was not confirmed, and that nobody has seen writing since; of a run that goes on, too. */
  readonly mayBeHeld: readonly { readonly run: SetId; readonly vms: readonly VmName[] }[];
  /** The last good set is dated so far ahead of now: a clock that went back. */
  readonly aheadMs?: number;
  /** The limit that the last good set is older than. */
  readonly tooOldMs?: number;
  /** A good set that is not too old, and nothing that needs somebody. */
  readonly fine: boolean;
}

export interface StatusQuestion {
  readonly group: string;
  /** Of its sets; absent: it has none. */
  readonly standing?: Standing | undefined;
  readonly runs: readonly RunEntry[];
  /** From the locks: runs whose process is alive. */
  readonly running: ReadonlySet<SetId>;
  /** Of these, the ones about which a person has to say whether they are over. */
  readonly outOfSight?: ReadonlySet<SetId>;
  /** The VMs of the topology, where there is one: nobody can ask another. */
  readonly vms?: Pick<ReadonlyMap<VmName, unknown>, 'has'>;
  readonly now: Date;
  readonly maxAgeMs?: number;
}

/** Clocks of a controller and of whoever looks may differ by so much, and nobody is told. */
const SAME_TIME_MS = 300_000;

export function groupStatus(question: StatusQuestion): GroupStatus {
  const { group, now, maxAgeMs, running, standing } = question;
  const runs = question.runs.filter((run) => run.group === group);
  // Killed after the manifest was written: the set stands, only the last word of its run is missing.
  const setless = runs.filter(({ id }) => standing?.has(id) !== true);
  const good = standing?.lastGood;
  const ageMs = good === undefined ? 0 : Math.max(0, now.getTime() - Date.parse(good.takenAt));
  const tooOld = maxAgeMs !== undefined && good !== undefined && ageMs > maxAgeMs;
  const since = good === undefined ? undefined : parseSetId(good.id)?.startedAt;
  const open = leftovers(standing?.open ?? [], setless, running).map((leftover) => asOf(leftover, now));
  const weak = standing?.weak ?? 0;
  const broken = (standing?.open ?? []).flatMap((set) => brokenOf(set));
  const outOfSight = runs.map(({ id }) => id).filter((id) => question.outOfSight?.has(id) === true);
  const current = runs.find(({ id }) => running.has(id) && !outOfSight.includes(id));
  const mayBeHeld = guestsInDoubt(question.runs)
    .filter(({ run }) => runs.some(({ id, record }) => id === run && (!running.has(id) || record.window !== undefined)))
    .map(({ run, vms }) => ({ run, vms: vms.filter((vm) => question.vms?.has(vm) !== false) }))
    .filter(({ vms }) => vms.length > 0);
  const aheadMs = good === undefined ? 0 : Date.parse(good.takenAt) - now.getTime();
  const isAhead = aheadMs > SAME_TIME_MS;
  return {
    group,
    ...(good === undefined
      ? {}
      : {
          lastGood: { id: good.id, takenAt: good.takenAt, ageMs, levelText: good.levelText },
        }),
    kept: standing?.good ?? 0,
    weak,
    broken,
    failedSince: setless
      .filter((run) => !running.has(run.id) && (run.state === 'failed' || run.state === 'unfinished'))
      .filter((run) => since === undefined || run.startedAt > since)
      .map((run) => run.id),
    leftovers: open,
    ...(current === undefined ? {} : { running: current.id }),
    outOfSight,
    mayBeHeld,
    ...(isAhead ? { aheadMs } : {}),
    ...(tooOld ? { tooOldMs: maxAgeMs } : {}),
    fine:
      good !== undefined &&
      !tooOld &&
      !isAhead &&
      weak === 0 &&
      [open, broken, outOfSight, mayBeHeld].every((needs) => needs.length === 0),
  };
}

function brokenOf(set: SetEntry): GroupStatus['broken'] {
  if (set.state === 'unreadable') return [{ id: set.id, why: set.why }];
  return set.state === 'removing' ? [{ id: set.id, why: 'its removal was begun and not finished' }] : [];
}
