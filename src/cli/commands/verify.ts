import { deadline } from '../../base/deadline.ts';
import { listSets, resolveSet } from '../../catalog/store.ts';
import { exitOf } from '../../flows/verified.ts';
import { verify } from '../../flows/verify.ts';
import { verifyDocument, verifyLines } from '../../ui/verify.ts';
import { existingCatalog } from '../catalog.ts';
import { loadTopology, timeoutMs } from '../session.ts';
import type { Command } from '../verb.ts';
import { openWorld } from '../world.ts';

interface Flags {
  readonly quick?: true;
}

export const verifyCommand: Command<Flags> = {
  name: 'verify',
  argument: '<set>',
  summary: 'is a set still what its manifest says? Changes nothing',
  about:
    'SET: an id, any unique beginning of one, latest, or latest:GROUP (the latest good one). Asks every array for the ' +
    "snapshots, compares identity, source, size, time and validity, and reads in them, where the array's driver can " +
    'show them: a file system that was held needs no recovery, and a ledger on it (`stillpoint ledger`) lacks nothing. It uses e2fsprogs, xfsprogs and btrfs-progs of the ' +
    'machine where the array is reached; what is not there is said. Takes no lock, asks no guest and no vCenter.',
  flags: [['--quick', 'only what superblocks and logs tell: no e2fsck, xfs_repair, btrfs check, ledger']],
  async run(session, [name = ''], flags) {
    const { cli, output, paint } = session;
    const topology = await loadTopology(session);
    const { state, place } = existingCatalog(session, topology);
    const set = resolveSet(await listSets(state), name, place.root);
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
  },
};
