import type { Finding } from '../model.ts';
import type { DiskTask } from '../vsphere/tasks.ts';
import { refused } from './finding.ts';

/**
 * Tasks that touched disks of these VMs at any moment since.
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
      return refused(
        `disturbed-${task.kind}`,
        nameOf(task),
        `a ${task.kind}${by} ran meanwhile (${span.filter((part) => part !== undefined).join(', ')})`,
        'Run when nothing moves, clones or snapshots these VMs.',
      );
    });
}
