import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { settle } from '../../base/gather.ts';
import { labelIn } from '../../label.ts';
import type { CutLabel, GuestSnapshot, Level } from '../../model.ts';
import type { MethodParts } from '../../outside.ts';
import type { Guest, Snapshotter, VmIdentity } from '../../ports.ts';
import type { Vsphere } from '../../vsphere/client.ts';
import type { Ref } from '../../vsphere/element.ts';
import { vmByInstanceUuid } from '../../vsphere/find-vm.ts';
import { recentDiskTasks } from '../../vsphere/tasks.ts';
import {
  consolidate,
  createSnapshot,
  removeSnapshot,
  snapshotsOf,
  type VmSnapshotNode,
} from '../../vsphere/vm-snapshots.ts';
import type { VmwareSettings } from './config.ts';
import { readFacts } from './facts.ts';
import { snapshotFault } from './faults.ts';
import { preflight } from './preflight.ts';
import { mayFreezeLess } from './tools-conf.ts';

const METHOD = 'vmware';

/**
 * A quiesced VMware snapshot of the VM, taken before the window and removed after the verdict: VMware Tools quiesce the
 * guest (VSS on Windows, the sync driver on Linux), and every array snapshot then contains the VM snapshot.
 */
export function vmware(settings: VmwareSettings, parts: MethodParts): Snapshotter {
  return {
    method: METHOD,
    gives: 'filesystem',
    bound:
      'the guest is quiesced by VMware Tools for a moment of their own; a VM snapshot is left, which `mend` removes',

    async probe(guest, limit) {
      const placement = await parts.placement(limit);
      const vsphere = await parts.vsphere(limit);
      const facts = await vsphere.loggedIn(() => readFacts(vsphere, asRef(placement.ref), limit), limit);
      const worth = facts.guest === 'windows' ? undefined : await whyLess(guest, limit);
      const gives: Level = worth === undefined ? 'filesystem' : 'crash';
      const system = facts.guest === 'windows' ? 'Windows' : 'Linux';
      return {
        method: METHOD,
        gives,
        disks: [],
        uses: [],
        contains: placement.disks.map(({ address }) => address).filter((address) => !parts.excluded.has(address)),
        findings: [
          ...preflight(placement, facts, parts.excluded),
          ...(worth === undefined
            ? []
            : [{ code: 'vmware.not-proved', severity: 'warning' as const, subject: guest.vm, message: worth }]),
        ],
        summary: `VMware snapshot of a ${system} guest, quiesced by VMware Tools`,
      };
    },

    async begin(guest, order, limit) {
      const time = limit.within(settings.timeout, `the VMware snapshot of ${guest.vm}`);
      try {
        return await begin(guest, order, time);
      } catch (thrown) {
        throw snapshotFault(guest.vm, thrown);
      } finally {
        time.done();
      }
    },

    async find(vm, label, limit) {
      const vsphere = await parts.vsphere(limit);
      return vsphere.loggedIn(async () => {
        const self = await vmOf(vsphere, vm, limit);
        await refuseWhileTaken(vsphere, vm, self, limit);
        const { snapshots } = await snapshotsOf(vsphere, self, limit);
        return snapshots.filter(({ name }) => labelIn(name) === label).map((node) => asSnapshot(vm, label, node));
      }, limit);
    },

    async remove(snapshot, limit) {
      const time = limit.within(settings.timeout, `removing the VMware snapshot of ${snapshot.vm}`);
      try {
        const vsphere = await parts.vsphere(time);
        await vsphere.loggedIn(() => remove(vsphere, snapshot, time), time);
      } finally {
        time.done();
      }
    },
  };

  async function begin(guest: Guest, order: Parameters<Snapshotter['begin']>[1], limit: Deadline) {
    const vsphere = await parts.vsphere(limit);
    const self = await vsphere.loggedIn(() => vmOf(vsphere, { vm: guest.vm, ...order }, limit), limit);
    const { guest: system } = await readFacts(vsphere, self, limit);
    const wish = {
      name: `${order.label} stillpoint`,
      description: `Taken by Stillpoint run ${order.run}. Removed at its end; if that run is over, \`stillpoint mend\` removes it.`,
      guest: system,
    };
    // Never sent twice: what it made is found by its label.
    const made = await createSnapshot(vsphere, parts.clock, self, wish, limit);
    const node = (await snapshotsOf(vsphere, self, limit)).snapshots.find(({ ref }) => ref === made);
    if (node === undefined) throw notListed(guest.vm);
    const snapshot = asSnapshot({ vm: guest.vm, instanceUuid: order.instanceUuid }, order.label, node);
    const because = node.quiesced ? (system === 'windows' ? undefined : await whyLess(guest, limit)) : NOT_QUIESCED;
    return because === undefined
      ? { gives: 'filesystem' as const, snapshot }
      : { gives: 'crash' as const, because, snapshot };
  }

  async function remove(vsphere: Vsphere, ours: GuestSnapshot, limit: Deadline): Promise<void> {
    const vm = await vmOf(vsphere, ours, limit);
    const { snapshots } = await snapshotsOf(vsphere, vm, limit);
    const there = snapshots.find(({ id }) => String(id) === ours.id);
    if (there === undefined) return;
    if (labelIn(there.name) !== ours.label || there.createdAt !== ours.createdAt) throw notOurs(ours, there);
    await removeSnapshot(vsphere, parts.clock, there.ref, limit);
    const after = await snapshotsOf(vsphere, vm, limit);
    if (after.consolidationNeeded) await consolidate(vsphere, parts.clock, vm, limit);
  }

  /** Of a Linux guest only itself can say whether VMware Tools freeze all of it. */
  async function whyLess(guest: Guest, limit: Deadline): Promise<string | undefined> {
    if (guest.loginless === true) {
      return 'whether VMware Tools freeze the file systems of a Linux guest is known only in the guest, and there is no login to ask it (`ssh`)';
    }
    const read = await settle(async () => {
      const shell = await guest.connect(limit);
      return shell.run(['cat', TOOLS_CONF], { deadline: limit });
    });
    if (!read.ok) return `the guest could not be asked what VMware Tools freeze: ${read.fault.message}`;
    return mayFreezeLess(read.value.exit === 0 ? read.value.stdout : '');
  }
}

const TOOLS_CONF = '/etc/vmware-tools/tools.conf';
const NOT_QUIESCED =
  'vSphere took the snapshot without quiescing the guest: it does so silently where VMware Tools do not answer';

/** One whose answer was lost, or waited for in vain, may still come: until its task has ended, nobody can say that it is gone. */
async function refuseWhileTaken(vsphere: Vsphere, { vm }: VmIdentity, self: Ref, limit: Deadline): Promise<void> {
  const tasks = await recentDiskTasks(vsphere, [self], limit);
  if (!tasks.some(({ kind, state }) => kind === 'snapshot' && ['queued', 'running'].includes(state))) return;
  throw new Fault({
    code: 'vmware.busy',
    message: `guest ${vm}: a snapshot task of the VM is still going on, so its snapshots cannot be told yet`,
    hint: 'Wait until the task has ended, then: stillpoint mend',
  });
}

async function vmOf(vsphere: Vsphere, { vm, instanceUuid }: VmIdentity, limit: Deadline): Promise<Ref> {
  const found = await vmByInstanceUuid(vsphere, instanceUuid, limit);
  if (found !== undefined) return found;
  throw new Fault({
    code: 'vmware.no-vm',
    message: `guest ${vm}: vSphere knows no VM with the instance UUID ${instanceUuid}`,
    hint: 'Was it removed from the inventory, or is it registered elsewhere?',
  });
}

function asSnapshot({ vm, instanceUuid }: VmIdentity, label: CutLabel, node: VmSnapshotNode): GuestSnapshot {
  const { id, name, createdAt } = node;
  return { vm, instanceUuid, method: METHOD, label, id: String(id), name, createdAt };
}

function asRef(ref: string): Ref {
  const colon = ref.indexOf(':');
  return `${ref.slice(0, colon)}:${ref.slice(colon + 1)}`;
}

function notListed(vm: string): Fault {
  return new Fault({
    code: 'vmware.snapshot-gone',
    message: `guest ${vm}: vSphere reported the VMware snapshot as taken, and does not list it`,
    hint: 'Somebody else may have removed it: see the tasks of the VM.',
  });
}

function notOurs({ vm, name, createdAt }: GuestSnapshot, there: VmSnapshotNode): Fault {
  return new Fault({
    code: 'vmware.not-ours',
    message: `guest ${vm}: the VMware snapshot with that id is "${there.name}" of ${there.createdAt}, not "${name}" of ${createdAt}`,
    hint: 'It was left as it is. Look at it in the vSphere Client.',
  });
}
