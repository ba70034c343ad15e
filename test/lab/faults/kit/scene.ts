import { expect } from 'vitest';
import type { Ended } from '../../end-to-end/kit/cli.ts';
import type { VmDisk } from '../../end-to-end/kit/orders.ts';
import type { Delays } from '../../end-to-end/kit/shims.ts';
import type { EndToEnd, RunOptions } from '../../end-to-end/kit/world.ts';
import { type PairWriter, startPairWriter, until } from '../../end-to-end/kit/writer.ts';
import { type Found, found, impersonal, onArrays } from './found.ts';

export const WINDOW_MS = 4000;
/** The second array cuts so late that whatever is to happen in the window has time to. */
export const SLOW: Delays = { cp: 1.5 };
export const DISKS: readonly VmDisk[] = [
  { address: 'scsi0:0', mount: '/mnt/b', array: 'beta' },
  { address: 'scsi0:1', mount: '/mnt/a', array: 'alpha' },
];

/** A VM that is a group of its own, in a world with others. */
export interface Scene {
  start(options?: RunOptions): ReturnType<EndToEnd['start']>;
  found(ended: Ended): Promise<Found>;
  stillpoint(...args: readonly string[]): ReturnType<EndToEnd['run']>;
  /** Keeps the guest busy while `body` runs. */
  busy<T>(body: (writer: PairWriter) => Promise<T>): Promise<T>;
  /** No file system of it is frozen, and no process of the holder is left in it. */
  isFree(): Promise<void>;
  /** `mend` of the group ends so; answers what it said of its runs. */
  mended(exit?: number): Promise<string>;
  /** The next run makes a good set. */
  goesOn(): Promise<void>;
}

/** Every VM a group of its own. */
export function topologyOf(world: EndToEnd, vms: readonly string[], windowMs = WINDOW_MS): string {
  const group = (vm: string) => ({ vms: [vm], window: `${windowMs / 1000}s` });
  return world.topology('all', { groups: Object.fromEntries(vms.map((vm) => [vm, group(vm)])) });
}

export function sceneOf(world: EndToEnd, topology: string, vm: string, options: RunOptions = {}): Scene {
  const stillpoint = (...args: readonly string[]) => world.run([...args, '-t', topology], options);
  return {
    stillpoint,
    start: (more = {}) => world.start(['snapshot', vm, '-t', topology], { ...options, ...more }),
    found: (ended) => found(world, topology, vm, ended, options),
    async busy(body) {
      const writer = await startPairWriter(world.guest(vm), ['/mnt/a', '/mnt/b']);
      try {
        return await body(writer);
      } finally {
        await writer.stop();
      }
    },
    async isFree() {
      const guest = world.guest(vm);
      for (const [path, disk] of guest.disks) expect(await disk.thaw(), `${vm} ${path}`).toBe('EINVAL');
      await until(() => guest.processes().length === 0, `something of the holder is left in ${vm}`);
    },
    async mended(exit = 0) {
      const mend = await stillpoint('mend', vm);
      expect(mend.exit, mend.stdout + mend.stderr).toBe(exit);
      const run = new RegExp(`\\b${vm}-\\d{8}T\\d{6}Z-[0-9a-f]{4}\\b`).exec(mend.stdout)?.[0];
      const [runs = ''] = mend.stdout.split(/^(?:No lock|Locks)/m);
      return impersonal(runs, run).trim();
    },
    async goesOn() {
      const before = total(onArrays(world, vm));
      const next = await stillpoint('snapshot', vm);
      expect(next.exit, next.stderr).toBe(0);
      expect(total(onArrays(world, vm))).toBe(before + world.guest(vm).disks.size);
    },
  };
}

/** The first array has cut, the second has not: every guest is held. */
export async function insideWindow(run: ReturnType<EndToEnd['start']>): Promise<void> {
  await until(() => run.cuts().length > 0, 'no array was cut');
}

/** It writes after this moment, in time; answers how long that took, in ms. */
export async function writesAfter(writer: PairWriter, since: number, limitMs: number): Promise<number> {
  const after = (): number | undefined => writer.doneUs().find((doneUs) => doneUs > since * 1000);
  await until(() => after() !== undefined, 'the guest does not write', limitMs);
  return Math.round((after() ?? 0) / 1000 - since);
}

function total(counts: Found['onArrays']): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
