import { asFault } from '../base/fault.ts';
import type { Locks } from '../base/lock.ts';
import { newSetId, systemRandom } from '../catalog/names.ts';
import { openRunLog } from '../catalog/run-log.ts';
import type { StateFolder } from '../catalog/state-folder.ts';
import { finish } from '../flows/snapshot/report.ts';
import type { RunParts, RunReport } from '../flows/snapshot/run-parts.ts';
import type { Level } from '../model.ts';
import type { Emit } from '../ports.ts';
import { snapshot } from '../snapshot.ts';
import type { GroupSettings, Topology } from '../topology/topology.ts';
import type { Cli } from './session.ts';
import { whoWeAre } from './who.ts';
import { openWorld } from './world.ts';

export interface Order {
  readonly topology: Topology;
  readonly group: GroupSettings;
  readonly state: StateFolder;
  readonly locks: Locks;
  readonly emit: Emit;
  readonly timeoutMs: number;
  readonly waitMs: number;
  readonly note?: string;
  readonly key?: string;
  readonly require?: Level;
  readonly weak?: 'keep' | 'remove';
}

/** One run of the main path, with its log beside it. Rejects only where not even a log can be written. */
export async function take(cli: Cli, order: Order): Promise<{ readonly report: RunReport; readonly log: string }> {
  const { clock, interrupt, version } = cli;
  const { topology, group, state } = order;
  const run = newSetId(group.name, clock.date(), systemRandom);
  const log = await openRunLog(state, run, clock);
  const emit: Emit = (event, at) => {
    log.emit(event, at);
    order.emit(event, at);
  };
  const vms = group.members.map(({ vm }) => vm);
  const papers = { ...order, clock, emit, run };
  try {
    const world = await openWorld(topology, vms, emit, { ...cli, terminal: cli.stdin.isTTY === true });
    try {
      const about = { random: systemRandom, interrupt, owner: whoWeAre(), version };
      const locks: Locks = {
        ...order.locks,
        take: (names, by, wait) => cli.waits.during('the locks', wait, () => order.locks.take(names, by, wait)),
      };
      const parts: RunParts = { ...world, ...papers, ...about, locks };
      return { report: await snapshot(parts), log: log.file };
    } finally {
      await world.close();
    }
  } catch (thrown) {
    const fault = asFault(thrown);
    const decision = { state: 'failed', keep: false, exit: fault.exit } as const;
    return {
      report: await finish({ ...papers, guests: new Map() }, { decision, exit: fault.exit, fault, remains: [] }),
      log: log.file,
    };
  } finally {
    await log.close();
  }
}
