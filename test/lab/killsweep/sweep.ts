import { existsSync, readFileSync } from 'node:fs';
import { settle } from '../../../src/base/gather.ts';
import { type Act, good } from './acts.ts';
import { aftermath, removeWeak } from './aftermath.ts';
import { type Point, pointsIn } from './points.ts';
import type { SweptWorld } from './world.ts';

/** What came of one kill. */
export interface Row {
  readonly place: string;
  readonly wroteAfterMs: number;
  readonly mended: string;
  /** `good`: a run that nobody ended followed. Else the next point's own run shows that nothing stands in its way. */
  readonly next: 'good' | 'goes on';
  readonly bad: readonly string[];
  readonly tookMs: number;
}

/** So many kills, then a run that nobody ends. */
const KILLS_A_RUN = 5;
/** What runs at the same time does not always come as far. */
const ATTEMPTS = 3;

/** The points of a command: those that it passes when nobody ends it. */
export async function enumerated(world: SweptWorld, act: Act): Promise<readonly Point[]> {
  const places = world.file(`places of ${act.name}`);
  const { exit, stderr } = await world.run(await act.prepare(world), { places });
  if (exit !== 0 || !existsSync(places)) throw new Error(`${act.name}: exit ${exit}\n${stderr}`);
  return pointsIn(readFileSync(places, 'utf8'));
}

/** Kills a command at each of these points, each time looking at what is left, and what becomes of it. */
export async function* sweep(
  world: SweptWorld,
  act: Act,
  points: readonly Point[],
  mendedBefore: Set<string>,
): AsyncGenerator<Row> {
  for (const [nth, { place }] of points.entries()) {
    const began = performance.now();
    const missed = await killedAt(world, act, place);
    const after = await aftermath(world, mendedBefore, act.keepsLastGood);
    const isLast = nth === points.length - 1;
    const next = isLast || nth % KILLS_A_RUN === KILLS_A_RUN - 1 ? 'good' : 'goes on';
    const bad = [...missed, ...after.bad, ...(next === 'good' ? await nextRun(world) : [])];
    yield { place, ...after, next, bad, tookMs: performance.now() - began };
  }
}

async function killedAt(world: SweptWorld, act: Act, place: string): Promise<readonly string[]> {
  let said = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const args = await settle(() => act.prepare(world));
    if (!args.ok) return [`after the point before: ${args.fault.message}`];
    const { exit, signal, stderr } = await world.run(args.value, { dieAt: place });
    if (signal === 'SIGKILL') return [];
    said = `exit ${exit}: ${stderr.trim().split('\n').slice(-3).join(' / ')}`;
  }
  return [`it did not come there in ${ATTEMPTS} attempts: ${said}`];
}

async function nextRun(world: SweptWorld): Promise<readonly string[]> {
  const run = await settle(() => good(world));
  await world.tidy();
  return run.ok ? removeWeak(world) : [run.fault.message];
}
