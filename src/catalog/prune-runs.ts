import type { SetId } from '../model.ts';
import { inDoubt } from './in-doubt.ts';
import { leftovers } from './leftovers.ts';
import { runFolder, runsFolder, type StateFolder, setFolder } from './state-folder.ts';
import { listRuns, listSets } from './store.ts';

const KEPT_RUNS = 200;

/**
 * Takes away the papers of old runs: the 200 newest stay, and every one that still has something open on an array or a
 * guest in doubt, is still going on, or made a set whose manifest cannot be believed: its label stands nowhere else. The
 * papers of a removed set go with those of its run. Sets that stand are never touched.
 */
export async function pruneRuns(state: StateFolder, running: ReadonlySet<SetId>, keep = KEPT_RUNS): Promise<void> {
  // As a rule there is nothing to do, and the whole catalog need not be read again to see it.
  if ((await state.files.list(runsFolder(state))).length <= keep) return;
  const sets = await listSets(state);
  const runs = await listRuns(state);
  const open = new Set([
    ...leftovers(sets, runs, running).map((leftover) => leftover.run),
    ...sets.filter((set) => set.state === 'unreadable').map((set) => set.id),
    ...runs.filter((run) => inDoubt(run).length > 0).map((run) => run.id),
  ]);
  const gone = new Set<SetId>();
  for (const run of runs.slice(keep)) {
    if (open.has(run.id) || running.has(run.id)) continue;
    await state.files.remove(runFolder(state, run.id));
    gone.add(run.id);
  }
  for (const set of sets) {
    if (set.state === 'removed' && gone.has(set.id)) await state.files.remove(setFolder(state, set.id));
  }
}
