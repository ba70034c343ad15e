import { z } from 'zod';
import { sshSettings } from '../transport/ssh/settings.ts';

/** Where the commands of an array run: `local: true`, or `ssh: { host: … }`. Keys of every make that is spoken to so. */
export const place = {
  local: z.literal(true).describe('Its commands run on this machine').optional(),
  ssh: sshSettings.describe('Its commands run there').optional(),
};

/** The rule that goes with `place`. */
export function isOnePlace(settings: { readonly local?: true | undefined; readonly ssh?: unknown }): boolean {
  return (settings.local === true) !== (settings.ssh !== undefined);
}

export const ONE_PLACE = 'say where its commands run: either ssh: { host: … } or local: true';
