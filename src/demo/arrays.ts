import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface ArrayWish {
  readonly id: string;
  /** Between the command and the instant at which its snapshots are cut. */
  readonly latencyMs: number;
  /** Its volumes' names. */
  readonly volumes: readonly string[];
}

export interface DemoArray {
  readonly id: string;
  /** The image of a volume: what the guests write to. */
  volume(name: string): string;
  /** The image of a snapshot, by the name that the array was given for it. */
  snapshot(name: string): string;
  /** Every snapshot goes. */
  clear(): Promise<void>;
  /** Its entry under `arrays` in a topology. */
  readonly entry: Readonly<Record<string, unknown>>;
}

const SCRIPT = fileURLToPath(new URL('./array.sh', import.meta.url));
/** A snapshot copies a volume in one read: then all guests on it are cut at one instant. */
const IMAGE_BYTES = 4096;

/** An array as a folder below `folder`, spoken to through the `command` driver and a script of a few lines. */
export async function makeArray(folder: string, wish: ArrayWish): Promise<DemoArray> {
  const own = join(folder, wish.id);
  const script = join(folder, 'array.sh');
  await mkdir(join(own, 'volumes'), { recursive: true });
  await mkdir(join(own, 'snapshots'));
  await copyFile(SCRIPT, script);
  for (const volume of wish.volumes) await writeFile(join(own, 'volumes', volume), Buffer.alloc(IMAGE_BYTES));

  const run = (...words: readonly unknown[]): readonly unknown[] => ['sh', script, own, ...words];
  return {
    id: wish.id,
    volume: (name) => join(own, 'volumes', name),
    snapshot: (name) => join(own, 'snapshots', name),
    async clear() {
      await rm(join(own, 'snapshots'), { recursive: true });
      await mkdir(join(own, 'snapshots'));
    },
    entry: {
      driver: 'command',
      local: true,
      answers: 'cut',
      snapshot: { run: run('snapshot', String(wish.latencyMs / 1000), { each: '<volume>@<snapshot>' }) },
      find: { run: run('find'), row: '^ *(?<id>\\d+) (?<volume>[^@]+)@(?<snapshot>\\S+)$' },
      remove: { run: run('remove', '<volume>@<snapshot>'), gone: 'No such file' },
    },
  };
}
