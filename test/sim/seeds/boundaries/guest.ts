import type { Clock } from '../../../../src/base/clock.ts';
import { unreachable } from '../../../../src/base/unreachable.ts';
import type { GuestChannel, Quiescer } from '../../../../src/ports.ts';
import type { SimulatedGuest } from '../../../doubles/guest.ts';
import type { Chronicle, HoldSeen } from '../chronicle.ts';
import type { Weather } from '../weather.ts';

/** A guest as one operation reaches it: every hold and every release of it is in the chronicle. */
export function guestSeen(quiescer: Quiescer, by: number, chronicle: Chronicle, clock: Clock): Quiescer {
  return {
    ...quiescer,
    async open(guest, order, deadline) {
      return channelSeen(await quiescer.open(guest, order, deadline), guest.vm, by, chronicle, clock);
    },
  };
}

function channelSeen(channel: GuestChannel, vm: string, by: number, chronicle: Chronicle, clock: Clock): GuestChannel {
  let seen: HoldSeen | undefined;
  return {
    ...channel,
    async hold(leaseMs, deadline) {
      const own: HoldSeen = { by, vm, sentAtMs: clock.now(), leaseMs };
      seen = own;
      chronicle.holds.push(own);
      const held = await channel.hold(leaseMs, deadline);
      own.confirmedAtMs = clock.now();
      return held;
    },
    async release(cut, deadline) {
      if (seen !== undefined) seen.releaseSentAtMs ??= clock.now();
      const release = await channel.release(cut, deadline);
      if (seen !== undefined) seen.word ??= release.kind;
      return release;
    },
  };
}

/** What befalls a guest in the next operation. */
export function guestFault({ befalls, draw }: Weather): SimulatedGuest {
  const kind = befalls(['refused', 'slow', 'line-lost', 'let-go', 'written'], 3);
  switch (kind) {
    case undefined:
      return {};
    case 'refused':
      return { fails: { step: draw.pick(['open', 'flush', 'recheck', 'hold']), code: 'guest.busy' } };
    case 'slow':
      return draw.pick<SimulatedGuest>([
        { wordDelayMs: draw.below(1_500) },
        { holdTakesMs: draw.below(12_000) },
        { releaseTakesMs: draw.below(8_000) },
      ]);
    case 'line-lost':
      return { lineLostAfterMs: draw.below(600), lineEnds: draw.pick(['closed', 'silent']) };
    case 'let-go':
      return { letsGoAfterMs: draw.below(400) };
    case 'written':
      return { writtenAfterMs: draw.below(400) };
    default:
      return unreachable(kind);
  }
}
