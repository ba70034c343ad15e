import { count } from '../../base/count.ts';
import { deadline } from '../../base/deadline.ts';
import { asFault, EXIT, Fault } from '../../base/fault.ts';
import { chooseDoomed, type Doomed, type RemoveParts, remove } from '../../flows/remove/remove.ts';
import { remainsText } from '../../flows/snapshot/report.ts';
import { setText } from '../../ui/set.ts';
import { askYes } from '../ask.ts';
import { existingCatalog, openCatalog } from '../catalog.ts';
import { timeoutMs, waitMs } from '../flags.ts';
import type { Session } from '../session.ts';
import { loadTopology } from '../topology.ts';
import type { Args } from '../verb.ts';
import { openWorld } from '../world.ts';

interface Flags {
  readonly last?: true;
  readonly dryRun?: true;
}

export async function run(session: Session, names: Args, flags: Flags): Promise<number> {
  const { cli, output, flags: global } = session;
  const topology = await loadTopology(session);
  const catalog = existingCatalog(session, topology);
  const because = global.because ?? 'removed by hand';
  const parts: RemoveParts = { clock: cli.clock, emit: output.emit, ...catalog, last: flags.last === true, because };
  const doomed = await chooseDoomed(
    parts,
    names.filter((name) => name !== undefined),
  );
  const what = doomed.map(doomedText);
  if (flags.dryRun === true) {
    output.document(['Would go:', ...what], { type: 'remove', dryRun: true, sets: doomed.map(({ id }) => id) });
    return EXIT.done;
  }
  await askYes(session, ['These will be removed:', ...what]);
  // A state folder that was copied may lack its empty folders, that of the locks among them.
  await openCatalog(session, topology);

  const world = await openWorld(topology, [], output.emit, {
    ...cli,
    terminal: session.terminal,
    vsphere: 'unasked',
  });
  const limit = deadline(cli.clock, timeoutMs(session), 'removing');
  const left: string[] = [];
  const gone: string[] = [];
  try {
    for (const one of doomed) {
      // What was begun is brought to its end; nothing new is.
      cli.interrupt.throwIfAborted();
      const wait = deadline(cli.clock, waitMs(session), 'waiting for the lock', cli.interrupt);
      const remains = await remove(parts, one, world.drivers, wait, limit);
      if (remains.length === 0) gone.push(one.id);
      left.push(...remains.map((each) => `${one.id}: ${remainsText(each)}`));
    }
  } catch (thrown) {
    throw notAll(thrown, gone, left);
  } finally {
    limit.done();
    await world.close();
  }
  if (left.length > 0) {
    const hint = `Once that is put right, or its time is past, run it again: stillpoint remove ${doomed.map(({ id }) => id).join(' ')}`;
    throw new Fault({
      code: 'remove.part',
      message: `not all is known to be gone: ${left.join('; ')}`,
      hint,
      exit: cli.interrupt.aborted ? asFault(cli.interrupt.reason).exit : EXIT.weaker,
    });
  }
  output.document(
    gone.map((id) => `${id}  removed`),
    { type: 'remove', removed: gone },
  );
  return EXIT.done;
}

/** Why it stopped, and how far it had come. */
function notAll(thrown: unknown, gone: readonly string[], left: readonly string[]): Fault {
  const fault = asFault(thrown);
  const said = [
    gone.length === 0 ? 'nothing was removed' : `removed so far: ${gone.join(', ')}`,
    ...left.map((text) => `not known to be gone: ${text}`),
  ];
  return new Fault({
    code: fault.code,
    message: [fault.message, ...said].join('; '),
    ...(fault.hint === undefined ? {} : { hint: fault.hint }),
    exit: fault.exit,
    cause: fault,
  });
}

function doomedText(doomed: Doomed): string {
  if (doomed.kind === 'rebuilt') {
    const { adopted, snapshots } = doomed.set;
    const whose = adopted === undefined ? 'rebuilt' : `adopted by ${adopted.by} (${adopted.because})`;
    return `  ${doomed.id}  ${whose}  ${count(snapshots.length, 'snapshot')}`;
  }
  if (doomed.kind === 'leftovers') return `  ${doomed.id}  what this failed run left on the arrays`;
  const { manifest } = doomed.set;
  return `  ${doomed.id}  ${setText(doomed.set)}  ${count(manifest.snapshots.length, 'snapshot')}`;
}
