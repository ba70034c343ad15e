import { describe, expect, test } from 'vitest';
import { refusals } from '../../../src/inventory/refusals.ts';
import type { DiskTask } from '../../../src/vsphere/tasks.ts';
import type { VirtualMachine, VmSnapshot } from '../../../src/vsphere/virtual-machine.ts';

const machine: VirtualMachine = {
  ref: 'VirtualMachine:vm-1',
  config: {
    template: false,
    biosUuid: 'b',
    instanceUuid: 'i',
    changeVersion: '1',
    guestId: 'debian12_64Guest',
    vmx: '[DS] a/a.vmx',
    encrypted: false,
    controllers: [],
    disks: [],
  },
  powerState: 'poweredOn',
  connectionState: 'connected',
  datastores: [],
  snapshots: [],
  consolidationNeeded: false,
  faultTolerance: 'notConfigured',
  recentTasks: [],
};

function told(
  change: Partial<VirtualMachine>,
  tasks: readonly DiskTask[] = [],
  creators: ReadonlyMap<string, string> = new Map(),
): readonly string[] {
  return refusals('mail01', { ...machine, ...change }, creators, tasks).map(
    ({ code, severity, message }) => `${severity} ${code}: ${message}`,
  );
}

function snapshot(id: string, createdAt: string): VmSnapshot {
  return { ref: `VirtualMachineSnapshot:${id}`, name: `snapshot ${id}`, description: '', createdAt, quiesced: false };
}

function task(state: string): DiskTask {
  const startedAt = new Date('2026-11-22T01:00:00Z');
  return { ref: 'Task:t', entity: machine.ref, kind: 'relocate', state, startedAt, by: 'CORP\\storage' };
}

describe('a VM that cannot be taken as it is', () => {
  test('an ordinary one is not among them', () => {
    expect(told({})).toEqual([]);
  });

  test.each(['disconnected', 'inaccessible', 'orphaned', 'invalid'])(
    '%s: what is told may be old',
    (connectionState) => {
      expect(told({ connectionState })).toEqual([
        `error vsphere.vm-inaccessible: vSphere calls it ${connectionState}: what it says of its disks may be old`,
      ]);
    },
  );

  test('one under Fault Tolerance', () => {
    expect(told({ faultTolerance: 'running' })[0]).toMatch(/^error vsphere\.fault-tolerance: /);
  });

  test('one that is being moved, with who does it and since when', () => {
    expect(told({}, [task('success'), task('running')])).toEqual([
      'error vsphere.running-task: a relocate by CORP\\storage is running, since 2026-11-22T01:00:00.000Z',
    ]);
    expect(told({}, [task('queued')])).toHaveLength(1);
  });

  test('one on a VMware snapshot: the newest is named, with who took it, and the older ones are counted', () => {
    const snapshots = [snapshot('1', '2026-11-20T00:00:00Z'), snapshot('2', '2026-11-22T01:58:00Z')];
    const creators = new Map([['VirtualMachineSnapshot:2', 'svc-veeam']]);
    expect(told({ snapshots }, [], creators)).toEqual([
      'error vsphere.vmware-snapshot: it runs on a VMware snapshot, "snapshot 2", taken 2026-11-22T01:58:00Z by svc-veeam, and 1 older',
    ]);
  });

  test('a question is asked in one line, however long it is', () => {
    const [finding] = told({ question: `msg.uuid.altered:\n${'x'.repeat(500)}` });
    expect(finding).toMatch(/^error vsphere\.question: it waits for an answer: msg\.uuid\.altered: x{1,110}$/);
  });
});
