import { z } from 'zod';
import { isOnePlace, ONE_PLACE, place } from '../place.ts';

/** `driver: btrfs`: one subvolume a LUN, the LUN's image inside it. */
export const btrfsConfig = z
  .strictObject({
    ...place,
    root: z
      .string()
      .regex(/^\/[^\u0000-\u001f]*$/, 'an absolute path')
      .describe('Where the file system with the LUNs is mounted; volumes are named relative to it'),
    snapshots: z
      .string()
      .regex(/^[A-Za-z0-9._][A-Za-z0-9._-]*$/, 'a plain folder name')
      .describe('Folder under the root for the snapshots; made when it is not there')
      .default('.stillpoint'),
    parallel: z.int().min(1).max(64).describe('Snapshots at once').default(8),
  })
  .refine(isOnePlace, ONE_PLACE);

export type BtrfsSettings = z.output<typeof btrfsConfig>;
