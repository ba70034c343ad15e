import { parentPort } from 'node:worker_threads';
import { z } from 'zod';
import { play } from './play.ts';
import { FAULTS, type Tally } from './weather.ts';

/** A worker: plays the seeds that it is sent, and answers what was broken and what befell. */
const batchShape = z.object({ from: z.number(), count: z.number() });
const doneShape = z.object({
  tally: z.array(z.tuple([z.enum(FAULTS), z.number()])),
  broken: z.array(z.object({ seed: z.number(), broken: z.array(z.object({ promise: z.string(), what: z.string() })) })),
});
export type BatchDone = z.infer<typeof doneShape>;

export function isBatchDone(answer: unknown): answer is BatchDone {
  return doneShape.safeParse(answer).success;
}

parentPort?.on('message', (message: unknown) => void answer(message));

async function answer(message: unknown): Promise<void> {
  const { from, count } = batchShape.parse(message);
  const tally: Tally = new Map();
  const broken: BatchDone['broken'] = [];
  for (let seed = from; seed < from + count; seed += 1) {
    const played = await play(seed, tally);
    if (played.broken.length > 0) broken.push({ seed, broken: [...played.broken] });
  }
  parentPort?.postMessage({ tally: [...tally], broken } satisfies BatchDone);
}
