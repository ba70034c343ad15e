import type { Deadline } from '../base/deadline.ts';
import { gather } from '../base/gather.ts';
import type { Vsphere } from '../vsphere/client.ts';
import type { Ref } from '../vsphere/element.ts';
import { snapshotCreator } from '../vsphere/events.ts';
import type { VirtualMachine } from '../vsphere/virtual-machine.ts';
import { newestSnapshot } from './refusals.ts';

/** Each VM is a question of its own; a vCenter answers some side by side. */
const AT_ONCE = 8;

/**
 * Who took the newest VMware snapshot of each VM: the one that a plan stops at.
 *
 * @param known snapshots that were asked about before, and who took them; nobody becomes another
 */
export async function readCreators(
  vsphere: Pick<Vsphere, 'content' | 'call'>,
  machines: Iterable<Pick<VirtualMachine, 'ref' | 'snapshots'>>,
  known: Map<Ref, string | undefined>,
  limit: Deadline,
): Promise<ReadonlyMap<Ref, string | undefined>> {
  const asked = [...machines].flatMap(({ ref, snapshots }) => {
    const newest = newestSnapshot(snapshots);
    return newest === undefined || known.has(newest.ref) ? [] : [{ vm: ref, newest }];
  });
  const answers = await gather(
    asked,
    async ({ vm, newest }) => known.set(newest.ref, await snapshotCreator(vsphere, vm, newest.createdAt, limit)),
    AT_ONCE,
  );
  for (const answer of answers) if (!answer.ok) throw answer.fault;
  return known;
}
