import { count } from '../../base/count.ts';
import { deadline } from '../../base/deadline.ts';
import { EXIT } from '../../base/fault.ts';
import { check } from '../../flows/check/check.ts';
import { readTopology } from '../../topology/read.ts';
import { checkDocument, checkLines } from '../../ui/check.ts';
import { TopologyFault, tellFindings } from '../findings.ts';
import { timeoutMs } from '../flags.ts';
import { makes } from '../makes.ts';
import type { Session } from '../session.ts';
import { groupNamed, loadTopology, topologyFile } from '../topology.ts';
import type { Args } from '../verb.ts';
import { openWorld } from '../world.ts';

interface Flags {
  readonly offline?: true;
}

export function run(session: Session, [name]: Args, flags: Flags): Promise<number> {
  return flags.offline === true ? checkOffline(session, name) : checkAll(session, name);
}

async function checkOffline(session: Session, name: string | undefined): Promise<number> {
  const file = topologyFile(session);
  const { topology, findings } = await readTopology(file, makes, session.cli);
  if (topology === undefined) throw new TopologyFault(file, findings);
  tellFindings(session, findings);
  // The file is read whole in any case; a group that is not in it was meant to be.
  if (name !== undefined) groupNamed(topology, name);
  const names = { vms: topology.vms.size, arrays: topology.arrays.size, groups: topology.groups.size };
  session.output.document(
    [
      `${file} can be read: ${count(names.vms, 'VM')}, ${count(names.arrays, 'array')}, ${count(names.groups, 'group')}`,
    ],
    {
      type: 'check',
      file,
      findings,
      ...names,
    },
  );
  return EXIT.done;
}

async function checkAll(session: Session, name: string | undefined): Promise<number> {
  const { cli, output, paint } = session;
  const topology = await loadTopology(session);
  const groups = name === undefined ? [...topology.groups.values()] : [groupNamed(topology, name)];
  const vms = [...new Set(groups.flatMap(({ members }) => members.map(({ vm }) => vm)))];
  const world = await openWorld(topology, vms, output.emit, { ...cli, terminal: session.terminal });
  try {
    const limit = deadline(cli.clock, timeoutMs(session), 'checking', cli.interrupt);
    const lines = await check({ ...world, emit: () => {} }, groups, limit);
    limit.done();
    cli.interrupt.throwIfAborted();
    output.document(checkLines(lines, paint), checkDocument(lines));
    return lines.every(({ stands }) => stands) ? EXIT.done : EXIT.notPrepared;
  } finally {
    await world.close();
  }
}
