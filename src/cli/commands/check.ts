import { count } from '../../base/count.ts';
import { deadline } from '../../base/deadline.ts';
import { EXIT } from '../../base/fault.ts';
import { check } from '../../flows/check.ts';
import { readTopology } from '../../topology/read.ts';
import { checkDocument, checkLines } from '../../ui/check.ts';
import { makes } from '../makes.ts';
import {
  groupNamed,
  loadTopology,
  type Session,
  TopologyFault,
  tellFindings,
  timeoutMs,
  topologyFile,
} from '../session.ts';
import type { Command } from '../verb.ts';
import { openWorld } from '../world.ts';

interface Flags {
  readonly offline?: true;
}

export const checkCommand: Command<Flags> = {
  name: 'check',
  argument: '[group]',
  summary: 'does everything stand? Freezes and cuts nothing',
  about: 'Connects to vSphere, every array and every guest, and makes the plan of every group. Worst first.',
  flags: [['--offline', 'read the topology only: no network, no secret']],
  run: (session, [name], flags) => (flags.offline === true ? checkOffline(session, name) : checkAll(session, name)),
};

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
    output.document(checkLines(lines, paint), checkDocument(lines));
    return lines.every(({ stands }) => stands) ? EXIT.done : EXIT.notPrepared;
  } finally {
    await world.close();
  }
}
