import { describe, expect, test } from 'vitest';
import { disturbancesSince } from '../../../src/inventory/disturbances.ts';
import type { DiskTask } from '../../../src/vsphere/tasks.ts';

const since = new Date('2026-11-22T02:00:00Z');

function task(kind: DiskTask['kind'], state: string, completed?: string): DiskTask {
  const startedAt = new Date('2026-11-22T01:59:00Z');
  const base = { ref: 'Task:t', entity: 'VirtualMachine:vm-1', kind, state, startedAt, by: 'drs' } as const;
  return completed === undefined ? base : { ...base, completedAt: new Date(completed) };
}

function told(...tasks: readonly DiskTask[]): readonly string[] {
  return disturbancesSince(tasks, since, () => 'mail01').map(({ code, severity }) => `${severity} ${code}`);
}

describe('tasks that ran meanwhile', () => {
  test('one that ended before is none', () => {
    expect(told(task('snapshot', 'success', '2026-11-22T01:59:59Z'))).toEqual([]);
  });

  test('one that ended in between, or still runs, is', () => {
    expect(told(task('clone', 'success', '2026-11-22T02:00:01Z'), task('consolidate', 'running'))).toEqual([
      'error vsphere.disturbed-clone',
      'error vsphere.disturbed-consolidate',
    ]);
  });

  test('a relocation that has ended may have been a vMotion: where the disks lie now decides', () => {
    expect(told(task('relocate', 'success', '2026-11-22T02:00:01Z'), task('relocate', 'running'))).toEqual([
      'warning vsphere.disturbed-relocate',
      'error vsphere.disturbed-relocate',
    ]);
  });

  test('who and when is said', () => {
    const [finding] = disturbancesSince([task('snapshot', 'success', '2026-11-22T02:00:01Z')], since, () => 'mail01');
    expect(finding?.message).toBe(
      'a snapshot by drs ran meanwhile (began 2026-11-22T01:59:00.000Z, ended 2026-11-22T02:00:01.000Z)',
    );
  });
});
