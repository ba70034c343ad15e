import { z } from 'zod';
import { isOnePlace, ONE_PLACE, place } from '../place.ts';

/** `driver: reflink`: LUNs are files on a file system that can clone a file (xfs with reflink, btrfs, bcachefs, …). */
export const reflinkConfig = z
  .strictObject({
    ...place,
    root: z
      .string()
      .regex(/^\/[^\u0000-\u001f]*$/, 'an absolute path')
      .describe('Folder of the LUN files; volumes are named relative to it'),
    snapshots: z
      .string()
      .regex(/^[A-Za-z0-9._][A-Za-z0-9._-]*$/, 'a plain folder name')
      .describe('Folder under the root, on the same file system, for the clones; made when it is not there')
      .default('.stillpoint'),
    parallel: z.int().min(1).max(64).describe('Clones at once').default(8),
  })
  .refine(isOnePlace, ONE_PLACE);

export type ReflinkSettings = z.output<typeof reflinkConfig>;
