import { deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import { type AdoptParts, adopt, chooseAdoption } from '../../flows/rebuild/adopt.ts';
import { rebuild } from '../../flows/rebuild/rebuild.ts';
import type { Topology } from '../../topology/topology.ts';
import { adoptLines, rebuildDocument, rebuildLines } from '../../ui/rebuild.ts';
import { askTyped } from '../ask.ts';
import type { Catalog } from '../catalog.ts';
import { timeoutMs, waitMs } from '../flags.ts';
import type { Session } from '../session.ts';
import { whoWeAre } from '../who.ts';
import { openWorld } from '../world.ts';

export interface AdoptFlags {
  readonly adopt: string;
  readonly confirm?: string;
  readonly young?: true;
  readonly dryRun?: true;
}

/** `mend --rebuild`: what the arrays have under labels that nobody here knows, as papers. */
export async function mendRebuild(
  session: Session,
  topology: Topology,
  catalog: Catalog,
  dryRun: boolean,
): Promise<number> {
  const { cli, output, paint } = session;
  const world = await openWorld(topology, [], output.emit, { ...cli, terminal: session.terminal, vsphere: 'unasked' });
  const limit = deadline(cli.clock, timeoutMs(session), 'rebuilding the catalog', cli.interrupt);
  try {
    const doing = dryRun ? 'look' : 'mend';
    const report = await rebuild({ ...world, ...catalog, waitMs: waitMs(session) }, doing, limit);
    output.document(rebuildLines(report, doing, paint), rebuildDocument(report, dryRun));
    return report.exit;
  } finally {
    limit.done();
    await world.close();
  }
}

/** `mend --adopt LABEL`: shows what that is, has the label typed, writes down on whose word it is ours. */
export async function mendAdopt(
  session: Session,
  topology: Topology,
  catalog: Catalog,
  { adopt: label, confirm, young, dryRun }: AdoptFlags,
): Promise<number> {
  const { cli, output, flags: global } = session;
  const world = await openWorld(topology, [], output.emit, { ...cli, terminal: session.terminal, vsphere: 'unasked' });
  const parts: AdoptParts = {
    ...world,
    ...catalog,
    waitMs: waitMs(session),
    by: whoWeAre(),
    because: global.because ?? 'adopted by hand',
    young: young === true,
  };
  const looking = deadline(cli.clock, timeoutMs(session), 'asking the arrays', cli.interrupt);
  try {
    const adoptable = await chooseAdoption(parts, label, looking);
    const { set, already } = adoptable;
    const told = { type: 'adopt', dryRun: dryRun === true, id: set.id, snapshots: set.snapshots };
    if (already !== undefined) {
      output.document([`${set.id}  is adopted, since ${already.at}`], { ...told, adopted: already });
      return EXIT.done;
    }
    const lines = adoptLines(adoptable, cli.clock.date());
    if (dryRun === true) {
      output.document(lines, told);
      return EXIT.done;
    }
    await askTyped(session, lines, { word: set.id, flag: '--confirm', said: confirm });
    const writing = deadline(cli.clock, timeoutMs(session), 'adopting', cli.interrupt);
    const ours = await adopt(parts, adoptable, writing);
    writing.done();
    output.document([`${ours.id}  adopted. To remove it: stillpoint remove ${ours.id}`], {
      ...told,
      adopted: ours.adopted,
    });
    return EXIT.done;
  } finally {
    looking.done();
    await world.close();
  }
}

/** What the arrays show can only be asked of arrays that somebody has named. */
export function needsTopology(): Fault {
  return new Fault({
    code: 'mend.no-topology',
    message: 'there is no topology, so that no array can be asked',
    hint: 'Name it: stillpoint mend -t FILE',
    exit: EXIT.usage,
  });
}
