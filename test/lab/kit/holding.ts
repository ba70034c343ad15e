import { expect } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { type Deadline, deadline } from '../../../src/base/deadline.ts';
import type { Guest, GuestChannel, HoldOrder, Shell } from '../../../src/ports.ts';
import { fsfreezeSettings } from '../../../src/quiesce/fsfreeze/config.ts';
import { fsfreeze } from '../../../src/quiesce/fsfreeze/method.ts';
import type { LabDisk } from './disk.ts';
import type { LabGuest } from './guest.ts';

/** What all tests of a held guest need: a limit, an order, a channel, and a look at the disks. */
export const within = (ms: number): Deadline => deadline(systemClock, ms, 'the test');

const ORDER: HoldOrder = {
  owner: 'run 7 of ada@control',
  covers: [],
  gives: 'filesystem',
  watches: [],
  maxLeaseMs: 10_000,
};

/** I1: how long after its lease a guest may still be held. */
export const LATE_MS = 1000;

export function guestOver(shell: Shell, guest: LabGuest): Guest {
  return { vm: guest.name, connect: async () => shell, told: new Map() };
}

export function openChannel(
  shell: Shell,
  guest: LabGuest,
  settings: Parameters<typeof fsfreezeSettings.parse>[0],
  order = ORDER,
): Promise<GuestChannel> {
  const method = fsfreeze(fsfreezeSettings.parse(settings), { clock: systemClock });
  return method.open(guestOver(shell, guest), order, within(10_000));
}

export async function standsStill(...disks: readonly LabDisk[]): Promise<void> {
  for (const took of await Promise.all(disks.map((disk) => disk.write(250)))) expect(took).toBe('blocked');
}

export async function writesWithin(limitMs: number, ...disks: readonly LabDisk[]): Promise<void> {
  for (const took of await Promise.all(disks.map((disk) => disk.write(limitMs)))) expect(took).not.toBe('blocked');
}

/** After every test: nothing of the guest is frozen, and nothing of the holder is left in it. */
export async function leftClean(guest: LabGuest): Promise<void> {
  for (const disk of guest.disks.values()) expect(await disk.thaw()).toBe('EINVAL');
  await expect.poll(() => guest.processes(), { timeout: 10_000 }).toEqual([]);
}

export function diskAt(guest: LabGuest, path: string): LabDisk {
  const disk = guest.disks.get(path);
  if (disk === undefined) throw new Error(`the guest has no disk at ${path}`);
  return disk;
}

export function processOf(guest: LabGuest, name: string): number {
  const [pid] = guest.processes(name);
  if (pid === undefined) throw new Error(`no process ${name} in the guest`);
  return pid;
}
