import type { Finding } from '../model.ts';
import type { DiskTask } from '../vsphere/tasks.ts';
import { doubtful, refused } from './finding.ts';

/**
 * Tasks that touched disks of these VMs at any moment since. vCenter calls a vMotion that a person asked for a relocation,
 * also where no disk moves: one that has ended is a warning, because where the disks lie now says whether it moved them.
 *
 * @param since by the server's clock
 */
export function disturbancesSince(
  tasks: readonly DiskTask[],
  since: Date,
  nameOf: (task: DiskTask) => string,
): readonly Finding[] {
  return tasks
    .filter((task) => task.completedAt === undefined || task.completedAt >= since)
    .map((task) => {
      const by = task.by === undefined ? '' : ` by ${task.by}`;
      const from = task.startedAt ?? task.queuedAt;
      const span = [
        from === undefined ? undefined : `began ${from.toISOString()}`,
        task.completedAt === undefined ? `is ${task.state}` : `ended ${task.completedAt.toISOString()}`,
      ];
      const say = task.kind === 'relocate' && task.completedAt !== undefined ? doubtful : refused;
      return say(
        `disturbed-${task.kind}`,
        nameOf(task),
        `a ${task.kind}${by} ran meanwhile (${span.filter((part) => part !== undefined).join(', ')})`,
        'Run when nothing moves, clones or snapshots these VMs.',
      );
    });
}
