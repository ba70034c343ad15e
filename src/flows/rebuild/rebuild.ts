import type { Clock } from '../../base/clock.ts';
import type { Deadline } from '../../base/deadline.ts';
import { EXIT } from '../../base/fault.ts';
import type { Locks } from '../../base/lock.ts';
import { unreachable } from '../../base/unreachable.ts';
import { knownLabels } from '../../catalog/leftovers.ts';
import { forgetRebuilt, listRebuilt, REBUILT_LOCK, writeRebuilt } from '../../catalog/rebuilt.ts';
import type { StateFolder } from '../../catalog/state-folder.ts';
import { listRuns, listSets } from '../../catalog/store.ts';
import type { ArrayId } from '../../model.ts';
import type { ArrayDriver } from '../../ports.ts';
import { lookEverywhere } from '../mend/look.ts';
import { type Rebuilding, rebuildPlan, withoutLabel } from './plan.ts';

export interface RebuildParts {
  readonly clock: Clock;
  readonly state: StateFolder;
  readonly locks: Locks;
  readonly drivers: ReadonlyMap<ArrayId, ArrayDriver>;
  /** For the lock of rebuilt sets; 0: try once. */
  readonly waitMs: number;
}

export interface RebuildReport {
  readonly changes: readonly Rebuilding[];
  /** Arrays that could not be asked, each in one sentence. */
  readonly left: readonly string[];
  readonly exit: number;
}

/**
 * Makes the catalog again from the labels on the arrays, as far as labels go: reads the arrays, and writes papers only.
 * A second one writes nothing new. May be killed at any moment: every set is a file of its own, whole or not there.
 */
export async function rebuild(parts: RebuildParts, doing: 'look' | 'mend', limit: Deadline): Promise<RebuildReport> {
  const { state } = parts;
  const wait = limit.within(parts.waitMs, 'waiting for the lock of rebuilt sets');
  const locks = doing === 'mend' ? await parts.locks.take([REBUILT_LOCK], 'mend', wait) : undefined;
  wait.done();
  try {
    // The arrays first: whatever a run of ours has on them stands in its intent by then.
    const shown = await lookEverywhere(parts, limit);
    const [sets, runs] = [await listSets(state), await listRuns(state)];
    const changes = rebuildPlan({
      shown,
      arrays: [...parts.drivers.keys()],
      known: knownLabels(sets, runs),
      entries: await listRebuilt(state),
      mayBe: withoutLabel(sets, runs),
      now: parts.clock.date(),
    });
    if (doing === 'mend') for (const change of changes) await carryOut(state, change);
    const left = [...shown.silent].map(([array, why]) => `array ${array} could not be asked: ${why}`);
    return { changes, left, exit: exitOf(shown.silent.size, parts.drivers.size) };
  } finally {
    await locks?.release();
  }
}

function carryOut(state: StateFolder, change: Rebuilding): Promise<void> {
  switch (change.kind) {
    case 'write':
      return writeRebuilt(state, change.set);
    case 'forget':
      return forgetRebuilt(state, change.id);
    case 'stay':
      return Promise.resolve();
    default:
      return unreachable(change);
  }
}

function exitOf(silent: number, arrays: number): number {
  if (silent === 0) return EXIT.done;
  return silent === arrays ? EXIT.notPrepared : EXIT.weaker;
}
