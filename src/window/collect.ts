import { type Clock, sleep } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import type { ArrayId, ArraySnapshot, Plan, Volume, WindowRecord } from '../model.ts';
import type { ArmedCut } from '../ports.ts';

/** What is on the arrays after the window, found by label. */
export interface Collected {
  readonly taken: readonly ArraySnapshot[];
  /** Planned, and not found, or found to be of no use. */
  readonly missing: readonly Volume[];
  /** Arrays where something may still appear, or that could not be asked. */
  readonly unsettled: ReadonlySet<ArrayId>;
}

/** So long it is worth waiting for an outcome that nobody knows; what is later is looked for by another run. */
const SETTLE_MS = 15_000;
const AGAIN_MS = 500;

/** Settles unknown outcomes by looking, never by sending again (I7). An array that was not fired at is not asked. */
export async function collect(
  plan: Plan,
  record: WindowRecord,
  armed: ReadonlyMap<ArrayId, ArmedCut>,
  clock: Clock,
  limit: Deadline,
): Promise<Collected> {
  const settling = limit.within(SETTLE_MS, 'looking for the snapshots');
  const fired = plan.arrays.filter(({ array }) => record.fires.some((fire) => fire.array === array));
  const looks = await Promise.all(fired.map(({ array }) => look(array)));
  settling.done();

  const taken = looks.flatMap((one) => one.taken);
  const missing = plan.arrays
    .flatMap(({ units }) => units.flatMap((unit) => unit.volumes))
    .filter((volume) => !taken.some((one) => isOf(one, volume)));
  return { taken, missing, unsettled: new Set(looks.filter((one) => !one.settled).map(({ array }) => array)) };

  async function look(array: ArrayId): Promise<{ array: ArrayId; taken: readonly ArraySnapshot[]; settled: boolean }> {
    for (;;) {
      const seen = await armed
        .get(array)
        ?.collect(settling)
        .catch(() => undefined);
      if (seen?.settled === true) return { array, ...seen };
      if (settling.remainingMs() <= AGAIN_MS) return { array, taken: seen?.taken ?? [], settled: false };
      await sleep(clock, AGAIN_MS, settling.signal);
    }
  }
}

/** What its array already calls invalid is none. */
function isOf(snapshot: ArraySnapshot, volume: Volume): boolean {
  return snapshot.array === volume.array && snapshot.source.id === volume.id && snapshot.invalid === undefined;
}
