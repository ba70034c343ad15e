import { afterAll, beforeAll, expect, test } from 'vitest';
import { needs } from '../../needs.ts';
import { LAB } from '../end-to-end/kit/needs.ts';
import { type Act, good, PASSED_BY_A_RUN } from './acts.ts';
import { settled } from './aftermath.ts';
import { actsIn, choiceIn, type Half } from './order.ts';
import { chosen, type Point } from './points.ts';
import { enumerated, type Row, sweep } from './sweep.ts';
import { rowLine, summary, title } from './table.ts';
import { openSweptWorld, type SweptWorld } from './world.ts';

/** All points of all commands take hours on a busy machine. */
const PATIENCE_MS = 5 * 3_600_000;
/** `lateMs` of the arrays here, and the window that it is counted from the end of. */
const ANSWERS_COME_MS = 150_000;

/**
 * One half of a sweep, in a world of its own, so that both can run at the same time. What is not the same in every run (an
 * answer that comes earlier or later) may make their lists differ: a point belongs to a half by its name.
 */
export function killSweep(half: Half): void {
  needs(...LAB)(`the program, killed wherever something leaves its process or comes into it, half ${half}`, () => {
    const acts = actsIn(process.env);
    const choice = choiceIn(process.env, half);
    const tell = (text: string): void => {
      for (const line of text.split('\n'))
        process.stdout.write(line === '' ? '\n' : `[${choice.part}/${choice.of}] ${line}\n`);
    };
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
      // What was removed while it was being enumerated is no longer there to be lost.
      await good(world);
    });
    afterAll(() => world?.close());

    if (acts.some(({ name }) => name === 'snapshot')) {
      test('a run passes every kind of place: files, locks, arrays, guests, vSphere', () => {
        const passed = all.filter(({ act }) => act.name === 'snapshot').map(({ place }) => place);
        expect(PASSED_BY_A_RUN.filter((kind) => !passed.some((place) => kind.test(place)))).toEqual([]);
      });
    }

    test.for(acts)(
      '$name: guests write, nothing is lost or believed, nothing foreign is touched, and the next run works',
      { timeout: PATIENCE_MS },
      async (act, { task }) => {
        const points = all.filter((point) => point.act === act);
        const drawn = chosen(all, choice).filter((point) => point.act === act);
        const inWindow = points.filter((point) => point.inWindow).length;
        tell(title(act.name, drawn.length, points.length, inWindow, choice));
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

    // Two minutes of waiting: not in a sample.
    if (choice.sample === undefined) {
      test(
        'what stayed open, because an answer was missing, is closed once none can come any more',
        async () => {
          expect(await settled(world, ANSWERS_COME_MS)).toEqual([]);
        },
        PATIENCE_MS,
      );
    }
  });
}
