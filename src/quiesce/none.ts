import { z } from 'zod';
import type { Quiescer } from '../ports.ts';

/** `quiesce: none` has nothing to set. */
export const noneSettings = z.strictObject({});

/** Holds nothing, and says so: the guest's disks are cut as they are. */
export function none(): Quiescer {
  return {
    method: 'none',
    gives: 'crash',
    bound: 'nothing is held',
    async probe() {
      return { method: 'none', disks: [], uses: [], findings: [], summary: 'nothing is held: cut as it is' };
    },
    async open() {
      let held = false;
      return {
        async flush() {},
        async recheck() {},
        async hold() {
          held = true;
          return { gives: 'crash', covers: [] };
        },
        async release() {
          return held ? { kind: 'kept' } : { kind: 'expired', why: 'nothing was held' };
        },
        async close() {},
      };
    },
  };
}
