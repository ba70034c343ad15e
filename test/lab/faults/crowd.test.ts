import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { needs } from '../../needs.ts';
import { LAB } from '../end-to-end/kit/needs.ts';
import { type EndToEnd, openWorld } from '../end-to-end/kit/world.ts';
import { LATE_MS } from '../kit/holding.ts';
import { onArrays } from './kit/found.ts';

/** In the full form of the long proofs so many as the promise is made for. */
const GUESTS = process.env.STILLPOINT_PROOF === 'full' ? 200 : 40;
const WINDOW_S = 20;
/** How often the controller is looked at. */
const LOOK_MS = 100;

const paper = z.object({
  windowMs: z.number(),
  verdict: z.object({ level: z.string(), oneInstant: z.boolean(), vms: z.array(z.object({ level: z.string() })) }),
  window: z.object({
    openedAtMs: z.number(),
    holds: z.array(
      z.object({ sentAtMs: z.number(), heldAtMs: z.number(), releasedAtMs: z.number(), release: z.literal('kept') }),
    ),
    fires: z.array(z.object({ sentAtMs: z.number(), answeredAtMs: z.number() })),
  }),
});

needs(...LAB)(`a group of ${GUESTS} guests on two arrays`, () => {
  let world: EndToEnd;
  let topology: string;
  const vms = Array.from({ length: GUESTS }, (_, nth) => `vm${String(nth + 1).padStart(3, '0')}`);

  beforeAll(async () => {
    const began = performance.now();
    world = await openWorld(
      vms.map((name, nth) => ({
        name,
        disks: [{ address: 'scsi0:0', mount: '/mnt/a', array: nth % 2 === 0 ? 'alpha' : 'beta', sizeMb: 32 }],
      })),
    );
    topology = world.topology('crowd', { groups: { crowd: { vms, window: `${WINDOW_S}s`, require: 'filesystem' } } });
    process.stdout.write(`${GUESTS} guests, each with its sshd, were up after ${seconds(performance.now() - began)}\n`);
  }, 600_000);
  afterAll(() => world?.close(), 300_000);

  test('is held at once, cut, and let go: one good set, every guest kept, none for longer than the window', async () => {
    const file = join(world.lab.folder, 'crowd.json');
    const began = performance.now();
    const run = world.start(['snapshot', 'crowd', '-t', topology, '--manifest', file]);
    const cost = watchCost(run.pid);
    const { exit, stderr } = await run.ended;
    const tookMs = performance.now() - began;
    const { cpuMs, peakMiB } = cost();
    expect(exit, stderr.slice(-2000)).toBe(0);

    const { windowMs, verdict, window } = paper.parse(JSON.parse(readFileSync(file, 'utf8')));
    expect(window.holds).toHaveLength(GUESTS);
    expect(verdict).toMatchObject({ level: 'filesystem', oneInstant: true });
    expect(onArrays(world, 'vm')).toEqual({ alpha: GUESTS / 2, beta: GUESTS / 2 });
    const heldMs = Math.max(...window.holds.map(({ heldAtMs }) => heldAtMs)) - window.openedAtMs;
    const stillMs = Math.max(...window.holds.map(({ sentAtMs, releasedAtMs }) => releasedAtMs - sentAtMs));
    const cutMs =
      Math.max(...window.fires.map(({ answeredAtMs }) => answeredAtMs)) -
      Math.min(...window.fires.map(({ sentAtMs }) => sentAtMs));
    expect(stillMs).toBeLessThan(WINDOW_S * 1000 + LATE_MS);
    process.stdout.write(
      `${GUESTS} guests: all held after ${seconds(heldMs)}, ${GUESTS} snapshots in ${seconds(cutMs)}, window ${seconds(windowMs)}, ` +
        `longest stillness ${seconds(stillMs)}; the run ${seconds(tookMs)}, controller ${seconds(cpuMs)} of CPU, ${peakMiB} MiB at most\n`,
    );
  }, 300_000);

  test('leaves no guest frozen, and nothing of the holder in any', async () => {
    for (const vm of vms) {
      const guest = world.guest(vm);
      for (const disk of guest.disks.values()) expect(await disk.thaw(), vm).toBe('EINVAL');
      expect(guest.processes(), vm).toEqual([]);
    }
  });
});

/** Looks at a process until it ends: its CPU time so far and the most memory that it has had. */
function watchCost(pid: number): () => { readonly cpuMs: number; readonly peakMiB: number } {
  let cpuMs = 0;
  let peakMiB = 0;
  const timer = setInterval(() => {
    try {
      const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
      const fields = after.split(' ').map(Number);
      // utime and stime, in hundredths of a second.
      cpuMs = ((fields[11] ?? 0) + (fields[12] ?? 0)) * 10;
      // One that has ended, and is not yet waited for, has no memory any more.
      const peakKiB = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
      peakMiB = Math.max(peakMiB, Math.round(peakKiB / 1024));
    } catch {
      // It has ended.
    }
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    return { cpuMs, peakMiB };
  };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
