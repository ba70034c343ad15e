import { z } from 'zod';

/** `quiesce: none` has nothing to set, and nobody holds the guest: its disks are cut as they are. */
export const noneSettings = z.strictObject({});
