import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../needs.ts';
import { LAB } from './end-to-end/kit/needs.ts';
import { type Act, good } from './killsweep/acts.ts';
import { actsIn, choiceIn } from './killsweep/order.ts';
import { chosen, type Point } from './killsweep/points.ts';
import { enumerated, type Row, sweep } from './killsweep/sweep.ts';
import { rowLine, summary, title } from './killsweep/table.ts';
import { openSweptWorld, type SweptWorld } from './killsweep/world.ts';

/** All points of all commands take hours on a busy machine. */
const PATIENCE_MS = 5 * 3_600_000;

needs(...LAB)('the program, killed wherever something leaves its process or comes into it', () => {
  const acts = actsIn(process.env);
  const choice = choiceIn(process.env);
  let world: SweptWorld;
  let all: readonly (Point & { readonly act: Act })[];
  const mendedBefore = new Set<string>();

  beforeAll(async () => {
    world = await openSweptWorld();
    // Retention has something to remove from the first point on.
    await good(world);
    const found: (Point & { readonly act: Act })[] = [];
    for (const act of acts) for (const point of await enumerated(world, act)) found.push({ ...point, act });
    all = found;
  });
  afterAll(() => world?.close());

  test.for(acts)(
    '$name: guests write, nothing is lost or believed, nothing foreign is touched, and the next run works',
    { timeout: PATIENCE_MS },
    async (act, { task }) => {
      const points = all.filter((point) => point.act === act);
      const drawn = chosen(all, choice).filter((point) => point.act === act);
      const inWindow = points.filter((point) => point.inWindow).length;
      tell(title(act.name, drawn.length, points.length, inWindow, choice));
      await good(world);
      const rows: Row[] = [];
      for await (const row of sweep(world, act, drawn, mendedBefore)) {
        rows.push(row);
        tell(rowLine(rows.length, row));
      }
      if (rows.length > 0) tell(summary(rows));
      const bad = rows.filter((row) => row.bad.length > 0);
      task.meta.swept = { points: rows.length, bad: bad.length };
      expect(bad).toEqual([]);
    },
  );
});

function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
