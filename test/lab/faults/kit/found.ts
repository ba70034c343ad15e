import { z } from 'zod';
import type { Ended } from '../../end-to-end/kit/cli.ts';
import type { ArrayName } from '../../end-to-end/kit/orders.ts';
import type { EndToEnd, RunOptions } from '../../end-to-end/kit/world.ts';

const listed = z.object({ sets: z.array(z.object({ id: z.string(), state: z.string() })) });
const toldRuns = z.object({
  runs: z.array(
    z.object({
      id: z.string(),
      state: z.string(),
      exit: z.number().optional(),
      because: z.array(z.string()).optional(),
      fault: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
    }),
  ),
});

/** What is there after a run, as an operator finds it. */
export interface Found {
  readonly exit: number | null;
  readonly run: string;
  /** In the catalog. */
  readonly state: { readonly run: string; readonly set: string };
  /** Snapshots of the group's VMs on each array, those of earlier runs too. */
  readonly onArrays: Readonly<Partial<Record<ArrayName, number>>>;
  readonly code: string | undefined;
  /** The fault with what to do about it, or why the set is no better; RUN and times instead of the run's own. */
  readonly message: string;
  /** All of its standard error, in one line. */
  readonly said: string;
}

/** @param group its VMs' names begin with it */
export async function found(
  world: EndToEnd,
  topology: string,
  group: string,
  { exit, stderr }: Ended,
  options: RunOptions = {},
): Promise<Found> {
  const ask = async (...args: readonly string[]): Promise<unknown> =>
    JSON.parse((await world.run([...args, '--json', '-t', topology], options)).stdout);
  const [last] = toldRuns.parse(await ask('list', group, '--runs')).runs;
  const set = listed.parse(await ask('list', group)).sets.find(({ id }) => id === last?.id);
  const run = last?.id ?? 'none';
  const fault = last?.fault;
  const texts = [fault?.message, ...(last?.because ?? []), fault?.hint].filter((text) => text !== undefined);
  const said = stderr.replaceAll(/\s+/g, ' ');
  // A state folder that was full knows of no fault.
  if (fault === undefined && said.includes(' error: ')) texts.push(said.replace(/^.* error: /, ''));
  return {
    exit,
    run,
    state: { run: last?.state ?? 'none', set: set?.state ?? 'none' },
    onArrays: onArrays(world, group),
    code: fault?.code,
    message: impersonal([...new Set(texts)].join('. '), run),
    said,
  };
}

export function onArrays(world: EndToEnd, group: string): Found['onArrays'] {
  return Object.fromEntries(
    world.arrays.map((array) => {
      // Also half-made ones: they have the volume's name too. Others' are at work on the same arrays.
      const names = world.snapshotsOn(array).filter((name) => name.includes(`-${group}`));
      return [array, names.length];
    }),
  );
}

/** What would be another in every run is left out, so that two tables can be compared. */
export function impersonal(text: string, run = 'RUN'): string {
  return text
    .replaceAll(run, 'RUN')
    .replaceAll(/\bsp[a-z2-7]{13}\b/g, 'LABEL')
    .replaceAll(/\d{4}-\d\d-\d\d /g, '')
    .replaceAll(/\d\d:\d\d:\d\d(?: [+-]\d\d:\d\d)?/g, 'TIME')
    .replaceAll(/\/tmp\/splab-[^/ ]+\/here-loop\d+/g, '/srv/luns')
    .replaceAll(/\s+/g, ' ');
}
