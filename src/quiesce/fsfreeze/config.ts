import { z } from 'zod';
import { FORMS } from '../holder/programs.ts';

const path = z.string().regex(/^\/(?!.*\/$)|^\/$/, {
  error: ({ input }) =>
    `an absolute path without a slash at its end\nWrite /${String(input).replace(/^\/+|\/+$/g, '')}.`,
});
const BY_THE_KERNEL = /^\/(?:proc|sys|dev|run)(?:\/|$)/;
const mounts = z
  .array(path.refine((one) => !BY_THE_KERNEL.test(one), 'the kernel makes this one: it lies on no disk\nTake it out.'))
  .min(1, ' is an empty list\nName a mount point, or write mounts: auto.')
  .superRefine((all, context) => {
    for (const [index, one] of all.entries()) {
      if (all.indexOf(one) === index) continue;
      context.addIssue({ code: 'custom', path: [index], message: ' is in the list already\nTake it out here.' });
    }
  });

/** `quiesce: { method: fsfreeze, … }` without `method`. */
export const fsfreezeSettings = z.strictObject({
  mounts: z
    .union([z.literal('auto'), mounts], {
      error: ({ input }) =>
        typeof input === 'string' && input.startsWith('/')
          ? ' must be auto or a list\nPut it in brackets: [/srv/mail].'
          : undefined,
    })
    .describe('Mount points to freeze; auto: every local file system that can be, but /')
    .default('auto'),
  sudo: z.boolean().describe('Run the holder by sudo -n; default: where the login is not root').optional(),
  holder: z
    .union([z.enum(['sent', 'installed']), z.strictObject({ path }).describe('Where the site installed it')])
    .describe('sent: over the SSH channel, nothing stays in the guest. installed: by `stillpoint holder print`')
    .default('sent'),
  interpreter: z
    .enum(['auto', ...FORMS])
    .describe('What the holder runs in; auto: the first of python3, perl, sh')
    .default('auto'),
});

export type FsfreezeSettings = z.infer<typeof fsfreezeSettings>;
