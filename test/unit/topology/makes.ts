import { z } from 'zod';
import { secretRef } from '../../../src/base/secret-ref.ts';
import type { Makes } from '../../../src/topology/makes.ts';
import { sshSettings } from '../../../src/transport/ssh/settings.ts';

const word = z.string().min(1);
const words = z.array(word).min(1);

/** Schemas in the shape of the real ones, so that the reader is tested apart from any make. */
export const someMakes: Makes = {
  arrays: {
    btrfs: z.strictObject({ ssh: sshSettings.optional(), root: word }),
    command: z.strictObject({
      ssh: sshSettings.optional(),
      local: z.literal(true).optional(),
      parallel: z.int().min(1).max(64).optional(),
      snapshot: z.strictObject({ run: z.array(z.union([word, z.strictObject({ each: word })])).min(1) }),
    }),
    pure: z.strictObject({ url: z.url('an address begins with https://'), token: secretRef }),
  },
  methods: {
    fsfreeze: z.strictObject({ mounts: z.union([z.literal('auto'), words]).default('auto') }),
    script: z.strictObject({
      hold: words,
      release: words,
      gives: z.enum(['application', 'filesystem', 'crash']).optional(),
    }),
    none: z.strictObject({}),
  },
};
