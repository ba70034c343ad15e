import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { tellRow } from '../faults/kit/row.ts';
import { LAB } from './kit/needs.ts';
import type { VmDisk } from './kit/orders.ts';
import { type EndToEnd, openWorld, otherHome } from './kit/world.ts';
import { until } from './kit/writer.ts';

const DISKS: readonly VmDisk[] = [
  { address: 'scsi0:0', mount: '/mnt/b', array: 'beta' },
  { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha' },
];

needs(...LAB)('two runs at once, of groups that share a VM', () => {
  let world: EndToEnd;
  let topology: string;

  beforeAll(async () => {
    world = await openWorld(['mail01', 'web01'].map((name) => ({ name, disks: DISKS })));
    topology = world.topology('both', {
      groups: {
        mail: { vms: ['mail01'], window: '20s' },
        all: { vms: ['web01', 'mail01'], window: '20s' },
      },
    });
  });
  afterAll(() => world?.close());

  /** A run of `mail` inside its window, and so many seconds of it still to come. */
  async function underWay(seconds: number) {
    const first = world.start(['snapshot', 'mail', '-t', topology], { delays: { cp: seconds } });
    await until(() => first.cuts().length > 0, 'the first run did not come to its window');
    return first;
  }

  test('from one state folder: the second ends with 10 and names the first, or waits for it and succeeds', async () => {
    const first = await underWay(13);
    const [second, patient] = await Promise.all([
      world.run(['snapshot', 'all', '-t', topology]),
      world.run(['snapshot', 'mail', '-t', topology, '--wait', '30s']),
    ]);
    const { exit, stdout, stderr } = await first.ended;
    expect(exit, stderr).toBe(0);
    const [run = ''] = stdout.split(' ');
    expect(second.exit, second.stderr).toBe(10);
    expect(second.stderr.replace(/\s+/g, ' ')).toMatch(
      new RegExp(`error: \\S.* is locked by run ${run} of root on this machine \\(process ${first.pid}\\), since`),
    );
    expect(second.stderr).toContain('--wait');
    const says = [/\S.*? is locked by run \S+ of root on this machine/, /Wait for it[^:]*: --wait 10m/];
    const after = { exit: second.exit, state: { run: 'failed', set: 'none' }, onArrays: {} };
    const message = second.stderr.replaceAll(/\s+/g, ' ').replace(/^.*error: /, '');
    const fault = 'a second run of the same machine comes while the first holds a guest';
    tellRow({ fault, found: { ...after, message }, guests: 'held by the first only', says, mend: 'nothing to mend' });
    expect(patient.exit, patient.stderr).toBe(0);
  });

  test('from two state folders, as from two machines: the guest itself says who holds it', async () => {
    const first = await underWay(13);
    const second = await world.run(['snapshot', 'all', '-t', topology], { home: otherHome(world, 'second-home') });
    const { exit, stdout, stderr } = await first.ended;
    expect(exit, stderr).toBe(0);
    const [run = ''] = stdout.split(' ');
    expect(second.exit, second.stderr).toBe(10);
    expect(second.stderr.replace(/\s+/g, ' ')).toMatch(
      new RegExp(`error: guest mail01: .* is held, or about to be, by run ${run} of root@`),
    );
    for (const array of ['alpha', 'beta'] as const)
      expect(world.snapshotsOn(array).filter((name) => name.includes('-web01-'))).toEqual([]);
  });
});
