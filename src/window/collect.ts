import { type Clock, sleep } from '../base/clock.ts';
import { beforeDeadline, type Deadline } from '../base/deadline.ts';
import type { ArrayId, ArraySnapshot, Plan, Volume, WindowRecord } from '../model.ts';
import type { ArmedCut } from '../ports.ts';

/** What is on the arrays after the window, found by label. */
export interface Collected {
  readonly taken: readonly ArraySnapshot[];
  /** Planned, and not found, or found to be of no use. */
  readonly missing: readonly Volume[];
  /** Arrays where something may still appear, or that could not be asked. */
  readonly unsettled: ReadonlySet<ArrayId>;
  /** Of these, the ones that have not answered a single look. */
  readonly silent: ReadonlySet<ArrayId>;
}

const AGAIN_MS = 500;

/**
 * Settles unknown outcomes by looking, never by sending again (I7). An array that was not fired at is not asked.
 *
 * @param settling so long it is worth waiting for an outcome that nobody knows; what is later is mend's to find
 */
export async function collect(
  plan: Plan,
  record: WindowRecord,
  armed: ReadonlyMap<ArrayId, ArmedCut>,
  clock: Clock,
  settling: Deadline,
): Promise<Collected> {
  const fired = plan.arrays.filter(({ array }) => record.fires.some((fire) => fire.array === array));
  const looks = await Promise.all(fired.map(({ array }) => look(array)));
  const taken = looks.flatMap((one) => one.taken);
  const missing = plan.arrays
    .flatMap(({ units }) => units.flatMap((unit) => unit.volumes))
    .filter((volume) => !taken.some((one) => isOf(one, volume)));
  const unsettled = looks.filter(({ settled }) => !settled);
  return {
    taken,
    missing,
    unsettled: arraysOf(unsettled),
    silent: arraysOf(unsettled.filter(({ answered }) => !answered)),
  };

  async function look(array: ArrayId): Promise<Look> {
    let answered = false;
    for (;;) {
      const seen = await lookOnce(armed.get(array), settling);
      answered ||= seen !== undefined;
      if (seen?.settled === true) return { array, ...seen, answered };
      if (settling.remainingMs() <= AGAIN_MS) return { array, taken: seen?.taken ?? [], settled: false, answered };
      await sleep(clock, AGAIN_MS, settling.signal);
    }
  }
}

type Seen = Awaited<ReturnType<ArmedCut['collect']>>;
type Look = Seen & { readonly array: ArrayId; readonly answered: boolean };

async function lookOnce(cut: ArmedCut | undefined, settling: Deadline): Promise<Seen | undefined> {
  try {
    return cut === undefined ? undefined : await beforeDeadline(cut.collect(settling), settling);
  } catch {
    return undefined;
  }
}

function arraysOf(looks: readonly Look[]): ReadonlySet<ArrayId> {
  return new Set(looks.map(({ array }) => array));
}

/** What its array already calls invalid is none. */
function isOf(snapshot: ArraySnapshot, volume: Volume): boolean {
  return snapshot.array === volume.array && snapshot.source.id === volume.id && snapshot.invalid === undefined;
}
