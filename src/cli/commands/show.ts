import { EXIT, Fault } from '../../base/fault.ts';
import { findSet, latestOf } from '../../catalog/find-set.ts';
import { asOf, leftovers } from '../../catalog/leftovers.ts';
import { parseSetId } from '../../catalog/names.ts';
import { listRebuilt, meansRebuilt } from '../../catalog/rebuilt.ts';
import { logFile } from '../../catalog/run-log.ts';
import { runningRuns } from '../../catalog/running.ts';
import { readSet } from '../../catalog/set-entry.ts';
import { setLines } from '../../catalog/set-lines.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import { pick, readRunEntry, runNames } from '../../catalog/store.ts';
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
  const other = (await meansSet(state, name)) ? undefined : await otherThanSet(state, name);
  if (other?.kind === 'rebuilt') {
    const { entry } = other;
    if (entry.state === 'unreadable')
      throw unreadable(entry.id, entry.why, 'To make it again: stillpoint mend --rebuild');
    output.document(showRebuiltLines(entry, paint), showRebuiltDocument(entry));
    return EXIT.done;
  }
  if (other?.kind === 'run') {
    const { run } = other;
    const running = await runningRuns(locks);
    const own = leftovers([], [run], running).map((leftover) => asOf(leftover, session.cli.clock.date()));
    const shown = { run, running, leftovers: own, log: logFile(state, run.id) };
    output.document(showRunLines(shown, paint), showRunDocument(shown));
    return EXIT.done;
  }
  const set = await findSet(state, name, place.root);
  if (set.state === 'unreadable') {
    const hint = 'Its snapshots are where they were. docs/operations.md tells how to find them without this tool.';
    throw unreadable(set.id, set.why, hint);
  }
  output.document(showLines(set, excerpt, paint, session.width), showDocument(set));
  return EXIT.done;
}

/** Said without looking at any other: the catalog may be very large. */
async function meansSet(state: StateFolder, name: string): Promise<boolean> {
  const id = parseSetId(name);
  return latestOf(name)[0] || (id !== undefined && (await readSet(state, id)) !== undefined);
}

/** A run that made no set is shown by its own papers; one that did is shown by its set. */
async function otherThanSet(state: StateFolder, name: string) {
  const [sets, runs, rebuilt] = [await setLines(state), await runNames(state), await listRebuilt(state)];
  if (meansRebuilt(name, rebuilt, [...sets, ...runs]))
    return { kind: 'rebuilt', entry: pick(rebuilt, name, 'set') } as const;
  const named = ({ id }: { readonly id: string }): boolean => name !== '' && id.startsWith(name);
  if (sets.some(named) || !runs.some(named)) return undefined;
  return { kind: 'run', run: await readRunEntry(state, pick(runs, name, 'run')) } as const;
}

function unreadable(id: string, why: string, hint: string): Fault {
  return new Fault({ code: 'catalog.unreadable', message: `${id}: ${why}`, hint, exit: EXIT.notPrepared });
}
