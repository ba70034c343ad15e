/**
 * npm run sim -- [--seeds N] [--from SEED] [--seed S]: plays histories, and ends with 1 where a promise was broken.
 * Without --from the first seed is drawn fresh, and printed. --seed plays one, and prints its whole log.
 */
import { randomInt } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type BatchDone, isBatchDone } from './batch.ts';
import { play } from './play.ts';
import { FAULTS, type Tally } from './weather.ts';

const BATCH = 50;
const SHOWN = 10;
const SAY_EVERY_MS = 60_000;

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, from: { type: 'string' }, seed: { type: 'string' } },
});
const isSound =
  values.seed === undefined
    ? await playMany(whole(values.from, randomInt(2 ** 31)), whole(values.seeds, 1000))
    : await playOne(whole(values.seed, 0));
process.exitCode = isSound ? 0 : 1;

async function playOne(seed: number): Promise<boolean> {
  const tally: Tally = new Map();
  const { lines, broken, hash } = await play(seed, tally);
  for (const line of lines) say(line);
  for (const { promise, what } of broken) say(`${promise} broken: ${what}`);
  say(`journal ${hash}`);
  say(closing(1, tally, broken.length === 0 ? 0 : 1));
  return broken.length === 0;
}

/** Every core takes the next batch as soon as it is through with one; what a seed does depends on nothing else. */
async function playMany(from: number, count: number): Promise<boolean> {
  say(`seeds ${from} to ${from + count - 1}`);
  const tally: Tally = new Map();
  const begunAtMs = performance.now();
  let [next, played, broken, saidAtMs] = [from, 0, 0, begunAtMs];
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), Math.ceil(count / BATCH)) }, lane));
  say(`${(count / ((performance.now() - begunAtMs) / 1000)).toFixed(0)} seeds a second`);
  say(closing(count, tally, broken));
  return broken === 0;

  async function lane(): Promise<void> {
    const worker = new Worker(new URL('./batch.js', import.meta.url));
    while (next < from + count && broken < SHOWN) {
      const batch = { from: next, count: Math.min(BATCH, from + count - next) };
      next += batch.count;
      take(await answerTo(worker, batch), batch.count);
    }
    await worker.terminate();
  }

  function take(done: BatchDone, size: number): void {
    played += size;
    for (const [kind, times] of done.tally) tally.set(kind, (tally.get(kind) ?? 0) + times);
    for (const { seed, broken: what } of done.broken) {
      broken += 1;
      say(`seed ${seed}: ${what.map((one) => `${one.promise}: ${one.what}`).join('\n  ')}`);
      say(`  to see it again: npm run sim -- --seed ${seed}`);
    }
    if (performance.now() - saidAtMs < SAY_EVERY_MS) return;
    saidAtMs = performance.now();
    say(`${played} of ${count}`);
  }
}

function answerTo(worker: Worker, batch: { readonly from: number; readonly count: number }): Promise<BatchDone> {
  return new Promise((resolve, reject) => {
    worker.removeAllListeners();
    worker.once('error', reject);
    worker.once('message', (answer: unknown) => {
      if (isBatchDone(answer)) resolve(answer);
      else reject(new Error('a worker said something else'));
    });
    worker.postMessage(batch);
  });
}

function closing(seeds: number, tally: Tally, broken: number): string {
  const faults = FAULTS.map((kind) => `${kind} ${tally.get(kind) ?? 0}`).join(', ');
  return `${seeds} seeds, faults: ${faults}; ${broken} broken`;
}

function whole(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isSafeInteger(number) || number < 0) throw new Error(`${text} is no whole number`);
  return number;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
