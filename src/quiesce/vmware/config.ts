import { z } from 'zod';
import { duration } from '../../base/duration.ts';

const DEFAULT_TIMEOUT_MS = 10 * 60_000;

/** `quiesce: { method: vmware, … }` without `method`. */
export const vmwareSettings = z.strictObject({
  timeout: duration
    .refine((ms) => ms >= 60_000, 'at least 1m: VMware Tools may need that long to quiesce a busy guest')
    .describe('The longest that taking the VM snapshot, and again removing it, may last; default 10m')
    .default(DEFAULT_TIMEOUT_MS),
});

export type VmwareSettings = z.infer<typeof vmwareSettings>;
