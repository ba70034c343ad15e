import { EXIT, Fault } from '../../base/fault.ts';
import { asOf, leftovers } from '../../catalog/leftovers.ts';
import { listRebuilt, meansRebuilt } from '../../catalog/rebuilt.ts';
import { logFile } from '../../catalog/run-log.ts';
import { runningRuns } from '../../catalog/running.ts';
import { listRuns, listSets, pick, resolveSet } from '../../catalog/store.ts';
import { excerpt } from '../../topology/excerpt.ts';
import { showRebuiltDocument, showRebuiltLines } from '../../ui/rebuilt.ts';
import { showRunDocument, showRunLines } from '../../ui/run.ts';
import { showDocument, showLines } from '../../ui/set.ts';
import { existingCatalog } from '../catalog.ts';
import type { Session } from '../session.ts';
import { knownTopology } from '../topology.ts';
import type { Args } from '../verb.ts';

export async function run(session: Session, [name = '']: Args): Promise<number> {
  const { output, paint } = session;
  const { state, locks, place } = existingCatalog(session, await knownTopology(session));
  const sets = await listSets(state);
  const runs = await listRuns(state);
  const rebuilt = await listRebuilt(state);
  if (meansRebuilt(name, rebuilt, [...sets, ...runs])) {
    const entry = pick(rebuilt, name, 'set');
    if (entry.state === 'unreadable')
      throw unreadable(entry.id, entry.why, 'To make it again: stillpoint mend --rebuild');
    output.document(showRebuiltLines(entry, paint), showRebuiltDocument(entry));
    return EXIT.done;
  }
  const named = (id: string): boolean => id.startsWith(name);
  // A run that made no set is shown by its own papers; one that did is shown by its set.
  if (name !== '' && !sets.some(({ id }) => named(id)) && runs.some(({ id }) => named(id))) {
    const run = pick(runs, name, 'run');
    const running = await runningRuns(locks);
    const own = leftovers(sets, runs, running)
      .filter((leftover) => leftover.run === run.id)
      .map((leftover) => asOf(leftover, session.cli.clock.date()));
    const shown = { run, running, leftovers: own, log: logFile(state, run.id) };
    output.document(showRunLines(shown, paint), showRunDocument(shown));
    return EXIT.done;
  }
  const set = resolveSet(sets, name, place.root);
  if (set.state === 'unreadable') {
    const hint = 'Its snapshots are where they were. docs/operations.md tells how to find them without this tool.';
    throw unreadable(set.id, set.why, hint);
  }
  output.document(showLines(set, excerpt, paint), showDocument(set));
  return EXIT.done;
}

function unreadable(id: string, why: string, hint: string): Fault {
  return new Fault({ code: 'catalog.unreadable', message: `${id}: ${why}`, hint, exit: EXIT.notPrepared });
}
