import { deadline } from '../../base/deadline.ts';
import { findSet } from '../../catalog/find-set.ts';
import { exitOf } from '../../flows/verify/verified.ts';
import { verify } from '../../flows/verify/verify.ts';
import { verifyDocument, verifyLines } from '../../ui/verify.ts';
import { existingCatalog } from '../catalog.ts';
import { timeoutMs } from '../flags.ts';
import type { Session } from '../session.ts';
import { loadTopology } from '../topology.ts';
import type { Args } from '../verb.ts';
import { openWorld } from '../world.ts';

interface Flags {
  readonly quick?: true;
}

export async function run(session: Session, [name = '']: Args, flags: Flags): Promise<number> {
  const { cli, output, paint } = session;
  const topology = await loadTopology(session);
  const { state, place } = existingCatalog(session, topology);
  const set = await findSet(state, name, place.root);
  const world = await openWorld(topology, [], output.emit, {
    ...cli,
    terminal: session.terminal,
    vsphere: 'unasked',
  });
  const limit = deadline(cli.clock, timeoutMs(session), 'verifying', cli.interrupt);
  try {
    const parts = { drivers: world.drivers, depth: flags.quick === true ? 'quick' : 'full' } as const;
    const verified = await verify(parts, set, limit);
    output.document(verifyLines(set.id, verified, paint), verifyDocument(set.id, verified));
    return exitOf(verified);
  } finally {
    limit.done();
    await world.close();
  }
}
