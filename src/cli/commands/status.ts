import { EXIT } from '../../base/fault.ts';
import { listRebuilt } from '../../catalog/rebuilt.ts';
import { runningRuns, runsInDoubt } from '../../catalog/running.ts';
import { type Standing, standings } from '../../catalog/standing.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import { type GroupStatus, groupStatus } from '../../catalog/status.ts';
import { type RunEntry, runsAtAGlance } from '../../catalog/store.ts';
import type { Topology } from '../../topology/topology.ts';
import { nowhereLines, statusDocument, statusLines } from '../../ui/status.ts';
import { readCatalog } from '../catalog.ts';
import { durationFlag } from '../flags.ts';
import type { Session } from '../session.ts';
import { groupNamed, knownTopology } from '../topology.ts';
import type { Args } from '../verb.ts';
import { thisMachine } from '../who.ts';

interface Flags {
  readonly maxAge?: string;
}

export async function run(session: Session, [name]: Args, flags: Flags): Promise<number> {
  const { output, paint } = session;
  const maxAgeMs = flags.maxAge === undefined ? undefined : durationFlag('--max-age', flags.maxAge);
  const topology = await knownTopology(session);
  const groups = await groupStatuses(session, topology, name, maxAgeMs);
  const { state, locks, place } = readCatalog(session, topology);
  const held = (await locks.held()).filter((lock) => lock.kind !== 'held' || lock.liveness !== 'gone');
  const rebuilt = name === undefined ? await listRebuilt(state) : [];
  const lines = statusLines(groups, held, rebuilt, paint);
  const isKnown = groups.length > 0 && place.isThere;
  const nowhere = isKnown ? [] : nowhereLines({ group: name, known: groupsIn(await recorded(state)) }, place);
  const document = { ...statusDocument(groups, held, rebuilt), folder: place };
  output.document([...lines, ...nowhere], document);
  return document.fine ? EXIT.done : EXIT.weaker;
}

/** Of the groups of the topology; without one, of those that have left something in the state folder. */
export async function groupStatuses(
  session: Session,
  topology: Topology | undefined,
  name?: string,
  maxAgeMs?: number,
): Promise<readonly GroupStatus[]> {
  const { state, locks } = readCatalog(session, topology);
  const running = await runningRuns(locks);
  const now = session.cli.clock.date();
  const outOfSight = runsInDoubt(await locks.held(), await thisMachine(), now);
  const found = await recorded(state);
  const { sets, runs } = found;
  const known = topology === undefined ? groupsIn(found).map((group) => ({ group })) : wanted(topology, name);
  const vms = topology === undefined ? {} : { vms: topology.vms };
  return known
    .filter(({ group }) => name === undefined || group === name)
    .map(({ group, ...own }) => {
      const limit = maxAgeMs ?? ('maxAgeMs' in own ? own.maxAgeMs : undefined);
      return groupStatus({
        group,
        standing: sets.find((standing) => standing.group === group),
        runs,
        running,
        outOfSight,
        now,
        ...vms,
        ...(limit === undefined ? {} : { maxAgeMs: limit }),
      });
    });
}

interface Recorded {
  readonly sets: readonly Standing[];
  readonly runs: readonly RunEntry[];
}

async function recorded(state: StateFolder): Promise<Recorded> {
  const sets = await standings(state);
  return { sets, runs: await runsAtAGlance(state, (run) => sets.some((standing) => standing.has(run))) };
}

function groupsIn({ sets, runs }: Recorded): readonly string[] {
  return [...new Set([...sets, ...runs].map(({ group }) => group))];
}

function wanted(topology: Topology, name: string | undefined): readonly { group: string; maxAgeMs?: number }[] {
  const groups = name === undefined ? [...topology.groups.values()] : [groupNamed(topology, name)];
  return groups.map((group) => ({
    group: group.name,
    ...(group.maxAgeMs === undefined ? {} : { maxAgeMs: group.maxAgeMs }),
  }));
}
