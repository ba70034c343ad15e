import type { Waits } from '../base/waits.ts';
import type { GuestChannel, Quiescer } from '../ports.ts';

/** The same method, but whatever is waited for outside the window has a name: the guest's. */
export function watchedQuiescer(quiescer: Quiescer, waits: Waits): Quiescer {
  return {
    ...quiescer,
    probe: (guest, limit) => waits.during(`guest ${guest.vm}`, limit, () => quiescer.probe(guest, limit)),
    async open(guest, order, limit) {
      const subject = `guest ${guest.vm}`;
      const channel = await waits.during(subject, limit, () => quiescer.open(guest, order, limit));
      return {
        ...channel,
        flush: (own) => waits.during(subject, own, () => channel.flush(own)),
        recheck: (own) => waits.during(subject, own, () => channel.recheck(own)),
      } satisfies GuestChannel;
    },
  };
}
