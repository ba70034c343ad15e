import type { Parameters } from 'fast-check';
import { expect } from 'vitest';
import { asFault, EXIT } from '../../../src/base/fault.ts';

const FULL_FACTOR = 60;
/** Longer, and nobody reads it; what a far end says is quoted, never repeated whole. */
const LONGEST_MESSAGE = 10_000;

/**
 * How often a property is tried: STILLPOINT_PROOF=full, sixty times as often. A failing one prints its seed, and
 * STILLPOINT_SEED tries it again.
 */
export function runs<T>(usual: number): Parameters<T> {
  const { STILLPOINT_PROOF: proof, STILLPOINT_SEED: seed } = process.env;
  return {
    numRuns: proof === 'full' ? usual * FULL_FACTOR : usual,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}

/** The property of every reader: it answers, or refuses with a Fault that a person can read. Never a bug of ours. */
export function survives<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    refused(thrown);
    return undefined;
  }
}

export async function settles<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (thrown) {
    refused(thrown);
    return undefined;
  }
}

function refused(thrown: unknown): void {
  const fault = asFault(thrown);
  if (fault.exit === EXIT.bug) throw thrown;
  expect(fault.message).not.toBe('');
  expect(`${fault.message}${fault.hint ?? ''}`.length).toBeLessThan(LONGEST_MESSAGE);
}
