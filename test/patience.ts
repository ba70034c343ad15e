/** What the work below takes where nothing else runs (Node 20, one core of a 2020s server). */
const UNHINDERED_MS = 200;

/** Leases of the tests are multiplied too, and no lease is longer than two minutes. */
const MOST = 12;

/**
 * How much longer than on a machine of its own something takes here and now: 1 or more. Every limit of the tests is
 * multiplied by it. A limit ends what hangs; it never judges how fast something is.
 */
export const PATIENCE = told() ?? measured();

/** A limit for something that takes far less than this where nothing else runs. */
export function patient(ms: number): number {
  return Math.ceil(ms * PATIENCE);
}

/** Measured once, in vitest.config.ts; the processes of the tests find it here. */
function told(): number | undefined {
  const { STILLPOINT_PATIENCE } = process.env;
  return STILLPOINT_PATIENCE === undefined ? undefined : Number(STILLPOINT_PATIENCE);
}

function measured(): number {
  const began = performance.now();
  let sum = 0;
  for (let count = 0; count < 30_000_000; count += 1) sum = (sum * 31 + count) | 0;
  const tookMs = performance.now() - began + sum * 0;
  return Math.min(MOST, Math.max(1, Math.round((tookMs / UNHINDERED_MS) * 10) / 10));
}
