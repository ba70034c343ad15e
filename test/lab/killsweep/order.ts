import { execFileSync } from 'node:child_process';
import { z } from 'zod';
import { ACTS, type Act } from './acts.ts';
import type { Choice } from './points.ts';

/** What a sweep is told by its environment; `npm run killsweep` sets it from its flags. */
const order = z.object({
  /** `full`: every point. */
  STILLPOINT_PROOF: z.enum(['full', 'sample']).default('sample'),
  STILLPOINT_SWEEP_SAMPLE: z.coerce.number().int().positive().default(24),
  STILLPOINT_SWEEP_FROM: z.string().min(1).optional(),
  STILLPOINT_SWEEP_PART: z
    .string()
    .regex(/^[1-9]\d*\/[1-9]\d*$/)
    .default('1/1'),
  /** The name of one act. */
  STILLPOINT_SWEEP_ONLY: z.enum(ACTS.map(({ name }) => name)).optional(),
});

export function actsIn(env: Readonly<Record<string, string | undefined>>): readonly Act[] {
  const { STILLPOINT_SWEEP_ONLY: only } = order.parse(env);
  return ACTS.filter(({ name }) => only === undefined || name === only);
}

/** A sweep is done in two at the same time. */
export type Half = 1 | 2;

export function choiceIn(env: Readonly<Record<string, string | undefined>>, half: Half): Choice {
  const told = order.parse(env);
  const [piece = 1, pieces = 1] = told.STILLPOINT_SWEEP_PART.split('/').map(Number);
  const part = 2 * (piece - 1) + half;
  const of = 2 * pieces;
  if (told.STILLPOINT_PROOF === 'full') return { part, of };
  const from = told.STILLPOINT_SWEEP_FROM ?? thisCommit();
  return { sample: { count: told.STILLPOINT_SWEEP_SAMPLE, from }, part, of };
}

/** So that every commit tries others, and the same commit the same. */
function thisCommit(): string {
  return execFileSync('git', ['rev-parse', '--short=12', 'HEAD'], { encoding: 'utf8' }).trim();
}
