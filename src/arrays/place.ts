import { z } from 'zod';
import { durationMs } from '../base/duration.ts';
import { variableName } from '../base/secret-ref.ts';
import { sshSettings } from '../transport/ssh/settings.ts';

/** Where the commands of an array run: `local: true`, or `ssh: { host: … }`. Keys of every make that is spoken to so. */
export const place = {
  local: z.literal(true).describe('Its commands run on this machine').optional(),
  variables: z
    .array(variableName)
    .describe('With `local`: environment variables that its commands get, besides PATH, HOME, LANG and the like')
    .optional(),
  ssh: sshSettings.describe('Its commands run there').optional(),
  timeout: z
    .string()
    .refine((text) => (durationMs(text) ?? 0) >= 1000, 'a duration of a second at least: 30s, 2m')
    .describe('So long one command may take outside the window; default: 30s')
    .optional(),
};

/** `timeout` of an array's settings, in ms. */
export function commandMs({ timeout }: { readonly timeout?: unknown }): number {
  return (typeof timeout === 'string' ? durationMs(timeout) : undefined) ?? COMMAND_MS;
}

const COMMAND_MS = 30_000;

/** The rule that goes with `place`. */
export function isOnePlace(settings: {
  readonly local?: true | undefined;
  readonly ssh?: unknown;
  readonly variables?: unknown;
}): boolean {
  const isHere = settings.local === true;
  return isHere !== (settings.ssh !== undefined) && (isHere || settings.variables === undefined);
}

export const ONE_PLACE = 'say where its commands run: either ssh: { host: … } or local: true, which may have variables';
