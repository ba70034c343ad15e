import { z } from 'zod';

const command = z.tuple([z.string().min(1)], z.string());

/** `quiesce: { method: script, … }` without `method`. */
export const scriptSettings = z.strictObject({
  hold: command.describe('Command, as a list of words, that returns when the application is still'),
  release: command.describe(
    'Command that releases it; also run when the hold failed, and must bear that. $STILLPOINT_SNAPSHOT: taken, none or unknown',
  ),
  check: command
    .describe('Command that succeeds while the application is still; one that takes longer than 2 s has failed')
    .optional(),
  gives: z
    .enum(['application', 'filesystem', 'crash'])
    .describe('The level that the disks under `covers`, or those that later stages still, get by it'),
  covers: z
    .array(z.string().regex(/^\//, 'an absolute path'))
    .describe(
      'Mount points that are still while it holds: writes to their disks are counted; none: it only lends its level to what later stages still',
    )
    .default([]),
  releaseLimit: z
    .string()
    .regex(/^\d{1,3}s$/, 'seconds, 10s')
    .describe('A release that takes longer is ended and tried again')
    .default('10s'),
  sudo: z.boolean().describe('Run the commands by sudo -n').default(false),
});

export type ScriptSettings = z.infer<typeof scriptSettings>;
