import type { SetId } from '../model.ts';
import { inDoubt } from './in-doubt.ts';
import { leftovers } from './leftovers.ts';
import { openPoints } from './points.ts';
import { removalFlag } from './removal.ts';
import { readSet } from './set-entry.ts';
import { setLines } from './set-lines.ts';
import { runFolder, type StateFolder, setFolder } from './state-folder.ts';
import { listRuns, runNames } from './store.ts';

const KEPT_RUNS = 200;

/**
 * Takes away the papers of old runs: the 200 newest stay, and every one that still has something open on an array or a
 * guest in doubt, a guest snapshot that may stand, is still going on, or made a set whose manifest cannot be believed: its label stands nowhere else. The
 * papers of a removed set go with those of its run. Sets that stand are never touched.
 */
export async function pruneRuns(state: StateFolder, running: ReadonlySet<SetId>, keep = KEPT_RUNS): Promise<void> {
  // As a rule there is nothing to do, and the whole catalog need not be read again to see it.
  if ((await runNames(state)).length <= keep) return;
  const sets = await setLines(state);
  const runs = await listRuns(state);
  const open = new Set([
    ...leftovers(sets, runs, running).map((leftover) => leftover.run),
    ...runs.filter((run) => inDoubt(run).length > 0 || openPoints(run.record).length > 0).map((run) => run.id),
  ]);
  for (const run of runs.slice(keep)) {
    if (open.has(run.id) || running.has(run.id)) continue;
    const set = await readSet(state, run);
    if (set?.state === 'unreadable') continue;
    await state.files.remove(runFolder(state, run.id));
    if (set?.state !== 'removed') continue;
    await state.files.remove(setFolder(state, run.id));
    await state.files.remove(removalFlag(state, run.id));
  }
}
