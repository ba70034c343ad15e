import { EXIT } from '../../base/fault.ts';
import { listRebuilt } from '../../catalog/rebuilt.ts';
import { runningRuns } from '../../catalog/running.ts';
import { setLines } from '../../catalog/set-lines.ts';
import { listRuns } from '../../catalog/store.ts';
import { noneYetLines } from '../../ui/place.ts';
import { rebuiltListLines, rebuiltSummaries } from '../../ui/rebuilt.ts';
import { runListDocument, runListLines } from '../../ui/run.ts';
import { setListDocument, setListLines } from '../../ui/set.ts';
import { readCatalog } from '../catalog.ts';
import type { Session } from '../session.ts';
import { groupNamed, knownTopology } from '../topology.ts';
import type { Args } from '../verb.ts';

interface Flags {
  readonly runs?: true;
  readonly all?: true;
}

export async function run(session: Session, [group]: Args, flags: Flags): Promise<number> {
  const { output, paint } = session;
  const topology = await knownTopology(session);
  const { state, locks, place } = readCatalog(session, topology);
  const allSets = await setLines(state, group);
  const hasSets = group === undefined || allSets.length > 0;
  const allRuns = flags.runs === true || !hasSets ? await listRuns(state) : [];
  // A group that was taken out of the topology still has its sets and runs.
  const isRecorded = hasSets || allRuns.some((entry) => entry.group === group);
  if (topology !== undefined && !isRecorded) groupNamed(topology, group);
  const none = (what: string) => noneYetLines(group === undefined ? what : `${what} of group ${group}`, place);
  if (flags.runs === true) {
    const running = await runningRuns(locks);
    const runs = allRuns.filter((entry) => group === undefined || entry.group === group);
    const lines = runs.length === 0 ? none('run') : runListLines(runs, running, paint);
    output.document(lines, { ...runListDocument(runs, running), folder: place });
    return EXIT.done;
  }
  const sets = allSets.filter((set) => flags.all === true || set.state !== 'removed');
  // Of which group a rebuilt one is, nobody knows: it is shown where no group is asked for.
  const rebuilt = (group === undefined ? await listRebuilt(state) : []).filter(
    (entry) => flags.all === true || entry.state !== 'removed',
  );
  output.document(
    () => [...(sets.length === 0 ? none('set') : setListLines(sets, paint)), ...rebuiltListLines(rebuilt, paint)],
    () => ({ ...setListDocument(sets), rebuilt: rebuiltSummaries(rebuilt), folder: place }),
  );
  return EXIT.done;
}
