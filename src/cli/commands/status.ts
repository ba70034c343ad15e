import { EXIT } from '../../base/fault.ts';
import { thisProcess } from '../../base/process-identity.ts';
import { listRebuilt } from '../../catalog/rebuilt.ts';
import { runningRuns, runsOfEarlierBoot } from '../../catalog/running.ts';
import { type GroupStatus, groupStatus } from '../../catalog/status.ts';
import { listRuns, listSets } from '../../catalog/store.ts';
import type { Topology } from '../../topology/topology.ts';
import { needsSomebody, statusDocument, statusLines } from '../../ui/status.ts';
import { readCatalog } from '../catalog.ts';
import { durationFlag } from '../flags.ts';
import { groupNamed, knownTopology, type Session } from '../session.ts';
import type { Command } from '../verb.ts';

interface Flags {
  readonly maxAge?: string;
}

export const statusCommand: Command<Flags> = {
  name: 'status',
  argument: '[group]',
  summary: 'last good set, age, level, failures since, leftovers; files only',
  flags: [['--max-age <duration>', 'a last good set that is older is too old: 26h']],
  async run(session, [name], flags) {
    const { output, paint } = session;
    const maxAgeMs = flags.maxAge === undefined ? undefined : durationFlag('--max-age', flags.maxAge);
    const topology = await knownTopology(session);
    const groups = await groupStatuses(session, topology, name, maxAgeMs);
    const { state, locks } = readCatalog(session, topology);
    const held = (await locks.held()).filter((lock) => lock.kind !== 'held' || lock.liveness !== 'gone');
    const rebuilt = name === undefined ? await listRebuilt(state) : [];
    output.document(statusLines(groups, held, rebuilt, paint), statusDocument(groups, held, rebuilt));
    const isFine = groups.length > 0 && groups.every(({ fine }) => fine) && !rebuilt.some(needsSomebody);
    return isFine ? EXIT.done : EXIT.weaker;
  },
};

/** Of the groups of the topology; without one, of those that have left something in the state folder. */
export async function groupStatuses(
  session: Session,
  topology: Topology | undefined,
  name?: string,
  maxAgeMs?: number,
): Promise<readonly GroupStatus[]> {
  const { state, locks } = readCatalog(session, topology);
  const running = await runningRuns(locks);
  const cutOff = await runsOfEarlierBoot(locks, await thisProcess());
  const [sets, runs] = [await listSets(state), await listRuns(state)];
  const recorded = [...new Set([...sets, ...runs].map(({ group }) => group))].map((group) => ({ group }));
  const known = topology === undefined ? recorded : wanted(topology, name);
  const now = session.cli.clock.date();
  return known
    .filter(({ group }) => name === undefined || group === name)
    .map(({ group, ...own }) => {
      const limit = maxAgeMs ?? ('maxAgeMs' in own ? own.maxAgeMs : undefined);
      return groupStatus({
        group,
        sets,
        runs,
        running,
        cutOff,
        now,
        ...(limit === undefined ? {} : { maxAgeMs: limit }),
      });
    });
}

function wanted(topology: Topology, name: string | undefined): readonly { group: string; maxAgeMs?: number }[] {
  const groups = name === undefined ? [...topology.groups.values()] : [groupNamed(topology, name)];
  return groups.map((group) => ({
    group: group.name,
    ...(group.maxAgeMs === undefined ? {} : { maxAgeMs: group.maxAgeMs }),
  }));
}
