import type { Deed } from '../deed.ts';
import { type Broken, broken, type Story } from '../story.ts';

const GRACE_MS = 1_000;

/** I1: nobody stands still beyond the lease and a second, and nobody after a run that has said that all were let go. */
export function guestsLetGo({ world, deeds }: Story): readonly Broken[] {
  const nowMs = world.clock.now();
  const longestMs = Math.max(...world.estate.groups.map(({ settings }) => settings.windowMs)) + GRACE_MS;
  return [...world.guests].flatMap(([vm, { quiescer }]) => {
    const tooLong = quiescer
      .stillness()
      .filter(({ fromMs, untilMs }) => (untilMs ?? nowMs) - fromMs > longestMs)
      .map(({ fromMs, untilMs }) => broken('I1', `${vm} stood still from ${fromMs} to ${untilMs ?? 'now'}`));
    if (!quiescer.held()) return tooLong;
    const hold = world.chronicle.holds.filter((one) => one.vm === vm).at(-1);
    const deed = deeds.find(({ number }) => number === hold?.by);
    if (deed === undefined || hold === undefined || nowMs > deed.endedAtMs || mayHold(deed, vm)) return tooLong;
    return [...tooLong, broken('I1', `${vm} is held after ${deed.kind} ${deed.number} has ended`)];
  });
}

/** A run that died leaves it to the lease; one that says that it does not know has said it. */
function mayHold({ end }: Deed, vm: string): boolean {
  return end.how === 'died' || (end.how === 'snapshot' && end.report.mayBeHeld.includes(vm));
}

/** I2: nothing is fired unless every guest that must be held was held, and nobody was yet told to let go. */
export function firedHeld({ world }: Story, deed: Deed): readonly Broken[] {
  const { holds, fires } = world.chronicle;
  const required = deed.group.members.filter(({ vm, optional }) => !optional && world.guests.has(vm));
  return fires
    .filter(({ by }) => by === deed.number)
    .flatMap((fire) =>
      required
        .filter(
          ({ vm }) =>
            !holds.some(
              (hold) =>
                hold.by === deed.number &&
                hold.vm === vm &&
                (hold.confirmedAtMs ?? Number.POSITIVE_INFINITY) <= fire.sentAtMs &&
                (hold.releaseSentAtMs ?? Number.POSITIVE_INFINITY) >= fire.sentAtMs,
            ),
        )
        .map(({ vm }) => broken('I2', `${fire.array} ${fire.unit} was fired while ${vm} was not held`)),
    );
}

/** I6: no guest is held by two at once, and runs of one state folder that share anything come one after the other. */
export function neverOverlap({ world, deeds }: Story): readonly Broken[] {
  const windows = deeds.flatMap((deed) => {
    const holds = world.chronicle.holds.filter(({ by }) => by === deed.number);
    const fires = world.chronicle.fires.filter(({ by }) => by === deed.number);
    const times = [...holds, ...fires].map(({ sentAtMs }) => sentAtMs);
    if (times.length === 0) return [];
    const ends = holds.flatMap(({ releaseSentAtMs }) => releaseSentAtMs ?? []);
    const shared = new Set([
      ...holds.filter(({ confirmedAtMs }) => confirmedAtMs !== undefined).map(({ vm }) => vm),
      ...fires.map(({ unit }) => unit),
    ]);
    return [{ deed, shared, fromMs: Math.min(...times), untilMs: Math.max(...times, ...ends) }];
  });
  return windows.flatMap((one, index) =>
    windows.slice(index + 1).flatMap((other) => {
      const both = [...one.shared].filter((thing) => other.shared.has(thing));
      // Two machines do not see each other's locks: there the guest is the judge.
      const judged = one.deed.machine === other.deed.machine ? both : both.filter((thing) => world.guests.has(thing));
      if (judged.length === 0 || one.untilMs <= other.fromMs || other.untilMs <= one.fromMs) return [];
      return [broken('I6', `runs ${one.deed.number} and ${other.deed.number} overlap on ${judged.join(', ')}`)];
    }),
  );
}
