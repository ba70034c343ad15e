import { existsSync } from 'node:fs';
import { EXIT, Fault } from '../base/fault.ts';
import { nearest } from '../base/nearest.ts';
import type { ReadResult } from '../topology/read.ts';
import type { GroupSettings, Topology } from '../topology/topology.ts';
import { TopologyFault, tellFindings } from './findings.ts';
import type { Session } from './session.ts';

/** Where the topology is: `-t`, else $STILLPOINT_TOPOLOGY, else ./stillpoint.yaml. */
export function topologyFile({ cli, flags }: Session): string {
  const named = flags.topology ?? cli.env.STILLPOINT_TOPOLOGY;
  return named === undefined || named === '' ? 'stillpoint.yaml' : named;
}

/** The topology, with its warnings told; every finding at once, and exit 2, where it cannot be used. */
export async function loadTopology(session: Session): Promise<Topology> {
  const { topology, findings } = await read(topologyFile(session), session);
  if (topology === undefined) throw new TopologyFault(topologyFile(session), findings);
  tellFindings(session, findings);
  return topology;
}

/**
 * The topology for a command that needs only the state folder: none where there is no file and none was named, or where
 * `--state` says all that is needed and the file cannot be read.
 */
export async function knownTopology(session: Session): Promise<Topology | undefined> {
  const { cli, flags } = session;
  const file = topologyFile(session);
  const isNamed = flags.topology !== undefined || (cli.env.STILLPOINT_TOPOLOGY ?? '') !== '';
  if (!isNamed && !existsSync(file)) return undefined;
  const { topology, findings } = await read(file, session);
  if (topology === undefined && flags.state === undefined) throw new TopologyFault(file, findings);
  return topology;
}

/** What reads it, and every make of array, is loaded only where there is a file: "list --state" needs neither. */
async function read(file: string, { cli }: Session): Promise<ReadResult> {
  const [{ readTopology }, { makes }] = await Promise.all([import('../topology/read.ts'), import('./makes.ts')]);
  return readTopology(file, makes, cli);
}

/** The group that is meant; it need not be named where the file has one. */
export function groupNamed(topology: Topology, name: string | undefined): GroupSettings {
  const names = [...topology.groups.keys()];
  const group = topology.groups.get(name ?? (names.length === 1 ? (names[0] ?? '') : ''));
  if (group !== undefined) return group;
  if (name === undefined) {
    const message = `which group? ${topology.file} has ${names.join(', ')}`;
    throw new Fault({ code: 'usage.which-group', message, hint: 'Name one.', exit: EXIT.usage });
  }
  const meant = nearest(name, names);
  throw new Fault({
    code: 'usage.no-such-group',
    message: `${topology.file} has no group ${name}`,
    hint: meant === undefined ? `It has: ${names.join(', ')}.` : `Did you mean ${meant}?`,
    exit: EXIT.usage,
  });
}
