import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';

const paper = z.object({
  id: z.string(),
  label: z.string(),
  state: z.enum(['good', 'weak']),
  windowMs: z.number(),
  snapshots: z.array(
    z.object({ array: z.string(), name: z.string(), source: z.object({ id: z.string(), name: z.string() }) }),
  ),
});

/** As much of a manifest as these tests read, from outside. */
export type Paper = z.infer<typeof paper>;

const judged = z.object({
  verdict: z.object({
    level: z.string(),
    disks: z.array(z.object({ ref: z.object({ disk: z.string() }), level: z.string() })),
    because: z.array(z.string()),
  }),
});

/** The verdict in what `--manifest` wrote. */
export function judgedIn(file: string, said: string): z.infer<typeof judged>['verdict'] {
  manifestIn(file, said);
  return judged.parse(JSON.parse(readFileSync(file, 'utf8'))).verdict;
}

/** What `--manifest` wrote; where it is no manifest, what the run said. */
export function manifestIn(file: string, said: string): Paper {
  const parsed = existsSync(file) ? paper.safeParse(JSON.parse(readFileSync(file, 'utf8'))) : undefined;
  if (parsed?.success === true) return parsed.data;
  throw new Error(`the run made no set:\n${said}`);
}
