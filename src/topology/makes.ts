import type { z } from 'zod';

/**
 * What the program can talk to, handed in from above so that the topology knows no make: the strict schema of each
 * array driver's keys (without `driver`) and of each quiesce method's keys (without `method`), by name.
 */
export interface Makes {
  readonly arrays: Readonly<Record<string, z.ZodObject>>;
  readonly methods: Readonly<Record<string, z.ZodObject>>;
  /** Methods that work without a login to the guest (`ssh`); absent: every method but `none` needs one. */
  readonly loginless?: ReadonlySet<string>;
}
