import { type Clock, sleep } from '../base/clock.ts';
import type { VmName } from '../model.ts';

interface Ordered {
  readonly vm: VmName;
  readonly after: readonly VmName[];
}

/** A stage of releases waits no longer for the one before: one guest that does not answer must not keep others held. */
const RELEASE_STAGGER_MS = 500;

/** Starts each guest's work when the work of all that it comes after has ended; what is free of each other, at once. */
export async function holdInOrder<G extends Ordered>(
  guests: readonly G[],
  work: (guest: G) => Promise<void>,
): Promise<void> {
  const begun = new Map<VmName, Promise<void>>();
  const byName = new Map(guests.map((guest) => [guest.vm, guest]));
  const begin = (guest: G): Promise<void> => {
    const already = begun.get(guest.vm);
    if (already !== undefined) return already;
    const before = guest.after.flatMap((vm) => byName.get(vm) ?? []).map(begin);
    const own = before.length === 0 ? work(guest) : Promise.all(before).then(() => work(guest));
    begun.set(guest.vm, own);
    return own;
  };
  await Promise.all(guests.map(begin));
}

/**
 * The opposite order: a guest is let go when all that come after it are, or `RELEASE_STAGGER_MS` after those were told.
 * `work` must never reject.
 */
export async function releaseInReverse<G extends Ordered>(
  guests: readonly G[],
  clock: Clock,
  work: (guest: G) => Promise<void>,
): Promise<void> {
  const begun = new Map<VmName, { readonly told: Promise<void>; readonly done: Promise<void> }>();
  const begin = (guest: G): { told: Promise<void>; done: Promise<void> } => {
    const already = begun.get(guest.vm);
    if (already !== undefined) return already;
    const dependants = guests.filter((other) => other.after.includes(guest.vm)).map(begin);
    const told = dependants.length === 0 ? Promise.resolve() : ended(clock, dependants);
    const own = { told, done: told.then(() => work(guest)) };
    begun.set(guest.vm, own);
    return own;
  };
  await Promise.all(guests.map((guest) => begin(guest).done));
}

/** One after the other, under the same limit of waiting; resolves when all have ended. `work` must never reject. */
export async function releaseEach<S>(
  stages: readonly S[],
  clock: Clock,
  work: (stage: S) => Promise<void>,
): Promise<void> {
  const begun: Promise<void>[] = [];
  for (const stage of stages) {
    if (begun.length > 0) await endedOrLate(clock, begun);
    begun.push(work(stage));
  }
  await Promise.all(begun);
}

async function ended(
  clock: Clock,
  releases: readonly { readonly told: Promise<void>; readonly done: Promise<void> }[],
): Promise<void> {
  await Promise.all(releases.map(({ told }) => told));
  await endedOrLate(
    clock,
    releases.map(({ done }) => done),
  );
}

async function endedOrLate(clock: Clock, releases: readonly Promise<void>[]): Promise<void> {
  const enough = new AbortController();
  await Promise.race([Promise.all(releases), sleep(clock, RELEASE_STAGGER_MS, enough.signal)]);
  enough.abort();
}
