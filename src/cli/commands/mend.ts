import { deadline } from '../../base/deadline.ts';
import { EXIT, Fault } from '../../base/fault.ts';
import type { HeldLock } from '../../base/lock-file.ts';
import { runsInDoubt } from '../../catalog/running.ts';
import { mend, openNow } from '../../flows/mend/mend.ts';
import type { MendParts, MendReport } from '../../flows/mend/parts.ts';
import type { Topology } from '../../topology/topology.ts';
import { mendDocument, mendLines } from '../../ui/mend.ts';
import { noTopologyLines, placeText } from '../../ui/place.ts';
import { lockTexts } from '../../ui/status.ts';
import { askYes } from '../ask.ts';
import { type Catalog, openCatalog, readCatalog } from '../catalog.ts';
import { timeoutMs, waitMs } from '../flags.ts';
import type { Session } from '../session.ts';
import { groupNamed, knownTopology } from '../topology.ts';
import type { Args } from '../verb.ts';
import { thisMachine } from '../who.ts';
import { openWorld } from '../world.ts';
import { mendAdopt, mendRebuild, needsTopology } from './mend-rebuilt.ts';

interface Flags {
  readonly breakLock?: true;
  readonly rebuild?: true;
  readonly adopt?: string;
  readonly confirm?: string;
  readonly young?: true;
  readonly dryRun?: true;
}

export async function run(session: Session, [group]: Args, flags: Flags): Promise<number> {
  const { cli, output, paint } = session;
  const topology = await knownTopology(session);
  const dryRun = flags.dryRun === true;
  const { adopt, rebuild } = flags;
  refuseMixture(group, flags);
  const catalog = await catalogFor(session, topology, flags);
  if (adopt !== undefined || rebuild === true) {
    if (topology === undefined) throw needsTopology();
    if (adopt === undefined) return mendRebuild(session, topology, catalog, dryRun);
    return mendAdopt(session, topology, catalog, { ...flags, adopt });
  }
  const locks = await mendLocks(session, catalog.locks, flags);
  const runs =
    topology === undefined
      ? await withoutTopology(catalog, group)
      : await mendRuns(session, topology, catalog, { group, respected: locks.respected }, dryRun);
  const lines = 'mended' in runs ? mendLines(runs, dryRun ? 'look' : 'mend', cli.clock.date(), paint) : runs.lines;
  output.document([...nowhereLines(catalog), ...lines, ...locks.lines], {
    type: 'mend',
    dryRun,
    taken: locks.taken,
    respected: locks.respected,
    ...('mended' in runs ? mendDocument(runs) : { open: runs.open }),
  });
  return runs.exit;
}

/** Papers of what the arrays have are written wherever they are wanted; what runs have left is only where it is. */
async function catalogFor(session: Session, topology: Topology | undefined, flags: Flags): Promise<Catalog> {
  const isRebuilding = flags.rebuild === true || flags.adopt !== undefined;
  const seen = readCatalog(session, topology, isRebuilding ? 'may-come' : 'is-there');
  const looks = flags.dryRun === true || (!isRebuilding && !seen.place.isThere);
  return looks ? seen : await openCatalog(session, topology);
}

function nowhereLines({ place }: Catalog): readonly string[] {
  return place.isThere ? [] : [`There is nothing to mend in ${placeText(place)}.`, ...noTopologyLines(place)];
}

/** Each of the two is a work of its own; a group is what a label does not tell. */
function refuseMixture(group: string | undefined, { adopt, rebuild, breakLock, confirm, young }: Flags): void {
  const alone = [...(rebuild === true ? ['--rebuild'] : []), ...(adopt === undefined ? [] : ['--adopt'])];
  const others = [...(breakLock === true ? ['--break-lock'] : []), ...(group === undefined ? [] : ['a group'])];
  const ofAdopt = [...(confirm === undefined ? [] : ['--confirm']), ...(young === true ? ['--young'] : [])];
  const [first, second] = [...alone, ...(alone.length === 0 ? [] : others)];
  const [lost] = adopt === undefined ? ofAdopt : [];
  if (second === undefined && lost === undefined) return;
  throw new Fault({
    code: 'usage.mixture',
    message: lost === undefined ? `${first} and ${second} do not go together` : `${lost} belongs to --adopt`,
    hint: 'stillpoint mend --help',
    exit: EXIT.usage,
  });
}

async function mendRuns(
  session: Session,
  topology: Topology,
  catalog: Catalog,
  { group: wanted, respected }: { readonly group: string | undefined; readonly respected: readonly HeldLock[] },
  dryRun: boolean,
): Promise<MendReport> {
  const { cli, output } = session;
  const group = wanted === undefined ? undefined : groupNamed(topology, wanted).name;
  const { runs } = await openNow(catalog, group);
  const vms = [...new Set(runs.flatMap(({ guests, points }) => [...guests, ...points.map(({ vm }) => vm)]))];
  const asksVsphere = runs.some(({ points }) => points.length > 0);
  const world = await openWorld(topology, vms, output.emit, {
    ...cli,
    terminal: session.terminal,
    ...(asksVsphere ? {} : { vsphere: 'unasked' as const }),
  });
  const limit = deadline(cli.clock, timeoutMs(session), 'mending', cli.interrupt);
  const parts: MendParts = {
    ...world,
    ...catalog,
    waitMs: waitMs(session),
    inDoubt: runsInDoubt(respected, await thisMachine(), cli.clock.date()),
    ...(group === undefined ? {} : { group }),
  };
  try {
    return await mend(parts, dryRun ? 'look' : 'mend', limit);
  } finally {
    limit.done();
    await world.close();
  }
}

/** Arrays and guests are named in the topology: what runs left there is only told. */
async function withoutTopology(catalog: Catalog, group: string | undefined) {
  const { runs, removals } = await openNow(catalog, group);
  const open = [...runs.map(({ run }) => run.id), ...removals.map(({ id }) => id)];
  const lines =
    open.length === 0
      ? []
      : [`Not looked at, because there is no topology: ${open.join(', ')}`, 'Name it: stillpoint mend -t FILE'];
  return { open, lines, exit: open.length === 0 ? EXIT.done : EXIT.notPrepared };
}

/** Those of processes that are gone; those that cannot be seen from here only on a person's word. */
async function mendLocks(session: Session, locks: Catalog['locks'], flags: Flags) {
  const held = await locks.held();
  const wanted = held.filter((lock) => isGone(lock) || (flags.breakLock === true && isDoubtful(lock)));
  const lines = (some: readonly HeldLock[]): readonly string[] => lockTexts(some).map((text) => `  ${text}`);
  const doubtful = wanted.filter((lock) => !isGone(lock));
  if (doubtful.length > 0 && flags.dryRun !== true)
    await askYes(session, ['These locks will be broken:', ...lines(doubtful)]);
  const broken: HeldLock[] = [];
  for (const lock of flags.dryRun === true ? [] : wanted) if (await locks.break(lock)) broken.push(lock);
  const taken = flags.dryRun === true ? wanted : broken;
  const respected = held.filter((lock) => !taken.includes(lock));
  const title = flags.dryRun === true ? 'Locks that would be taken away:' : 'Locks taken away:';
  return {
    taken,
    respected,
    lines: [
      ...(taken.length === 0 ? ['No lock needs mending.'] : [title, ...lines(taken)]),
      ...(respected.length === 0 ? [] : ['Locks respected:', ...lines(respected)]),
    ],
  };
}

function isGone(lock: HeldLock): boolean {
  return lock.kind === 'held' && lock.liveness === 'gone';
}

function isDoubtful(lock: HeldLock): boolean {
  return lock.kind === 'unreadable' || lock.liveness === 'elsewhere';
}
