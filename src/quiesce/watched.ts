import type { Waits } from '../base/waits.ts';
import type { GuestChannel, Quiescer, Snapshotter } from '../ports.ts';

/** The same method, but whatever is waited for outside the window has a name: the guest's. */
export function watchedQuiescer(quiescer: Quiescer, waits: Waits): Quiescer {
  return {
    ...quiescer,
    probe: (guest, limit) => waits.during(`guest ${guest.vm}`, limit, () => quiescer.probe(guest, limit)),
    isHeld: (guest, limit) => waits.during(`guest ${guest.vm}`, limit, () => quiescer.isHeld(guest, limit)),
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

/** Likewise of a method that makes guest snapshots. */
export function watchedSnapshotter(snapshotter: Snapshotter, waits: Waits): Snapshotter {
  return {
    ...snapshotter,
    probe: (guest, limit) => waits.during(`guest ${guest.vm}`, limit, () => snapshotter.probe(guest, limit)),
    begin: (guest, order, limit) =>
      waits.during(`the ${snapshotter.method} snapshot of ${guest.vm}`, limit, () =>
        snapshotter.begin(guest, order, limit),
      ),
    find: (vm, label, limit) => waits.during(`guest ${vm.vm}`, limit, () => snapshotter.find(vm, label, limit)),
    remove: (ours, limit) =>
      waits.during(`removing the ${snapshotter.method} snapshot of ${ours.vm}`, limit, () =>
        snapshotter.remove(ours, limit),
      ),
  };
}
