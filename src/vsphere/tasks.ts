import type { Deadline } from '../base/deadline.ts';
import { defined } from '../base/defined.ts';
import type { Vsphere } from './client.ts';
import { asRef, child, type Ref, refs, text } from './element.ts';
import { type Found, insistOnAll, isGone, readThese } from './properties.ts';

/** A task that moves or changes files of a VM's disks. */
export interface DiskTask {
  readonly ref: Ref;
  readonly entity: Ref;
  readonly kind: DiskTaskKind;
  readonly state: string;
  /** The server's clock. */
  readonly queuedAt?: Date;
  readonly startedAt?: Date;
  readonly completedAt?: Date;
  /** Who asked for it: a user, or the scheduler's name. */
  readonly by?: string;
}

type DiskTaskKind = 'relocate' | 'clone' | 'snapshot' | 'consolidate';

/**
 * By `descriptionId`, the task's key in the message catalogue ('VirtualMachine.createSnapshot'; the keys of a snapshot's
 * own methods differ between products, so the verb decides). A migration of memory only has a key of its own.
 */
const KINDS: readonly (readonly [RegExp, DiskTaskKind])[] = [
  [/consolidate|promoteDisks|defragment/i, 'consolidate'],
  [/relocate/i, 'relocate'],
  [/clone/i, 'clone'],
  [/snapshot/i, 'snapshot'],
];

/** Of the recent tasks of these VMs (the last ten minutes, and all that run), those that touch disks. */
export async function recentDiskTasks(
  vsphere: Vsphere,
  vms: readonly Ref[],
  limit: Deadline,
): Promise<readonly DiskTask[]> {
  const recent = new Set<Ref>();
  const receive = (found: Found): void => {
    // A VM that is gone has no tasks any more; one whose tasks are hidden must not look undisturbed.
    if (isGone(found)) return;
    for (const task of refs(insistOnAll(found, 'VM', vsphere).values.get('recentTask'))) recent.add(task);
  };
  await readThese(vsphere, { type: 'VirtualMachine', paths: ['recentTask'] }, vms, receive, limit);
  return diskTasks(vsphere, [...recent], new Set(vms), limit);
}

/** Of these tasks, those that touch disks of these VMs. */
export async function diskTasks(
  vsphere: Vsphere,
  tasks: readonly Ref[],
  vms: ReadonlySet<Ref>,
  limit: Deadline,
): Promise<readonly DiskTask[]> {
  const kept: DiskTask[] = [];
  const receive = (found: Found): void => {
    if (isGone(found)) return;
    const task = diskTask(insistOnAll(found, 'task', vsphere));
    if (task !== undefined && vms.has(task.entity)) kept.push(task);
  };
  await readThese(vsphere, { type: 'Task', paths: ['info'] }, tasks, receive, limit);
  return kept;
}

function diskTask({ ref: self, values }: Found): DiskTask | undefined {
  const info = values.get('info');
  const entity = asRef(child(info, 'entity'));
  const key = text(info, 'descriptionId') ?? '';
  const kind = KINDS.find(([pattern]) => pattern.test(key))?.[1];
  if (entity === undefined || kind === undefined) return undefined;
  const reason = child(info, 'reason');
  const by = text(reason, 'userName') ?? text(reason, 'name');
  const times = {
    queuedAt: time(text(info, 'queueTime')),
    startedAt: time(text(info, 'startTime')),
    completedAt: time(text(info, 'completeTime')),
  };
  return {
    ref: self,
    entity,
    kind,
    state: text(info, 'state') ?? '',
    ...defined({ queuedAt: times.queuedAt, startedAt: times.startedAt, completedAt: times.completedAt, by }),
  };
}

function time(value: string | undefined): Date | undefined {
  const parsed = value === undefined ? Number.NaN : Date.parse(value);
  return Number.isNaN(parsed) ? undefined : new Date(parsed);
}

/** The server's clock: task times are told by it. */
export async function currentTime(vsphere: Vsphere, limit: Deadline): Promise<Date> {
  const answer = await vsphere.call('ServiceInstance:ServiceInstance', 'CurrentTime', [], limit);
  return time(text(answer, 'returnval')) ?? new Date();
}
