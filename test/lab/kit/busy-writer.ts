import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';

/** A file at the root of each place that grows by a line a round; the rounds are numbered from 1. */
export const ROUNDS_FILE = 'busy.rounds';

/** Numbers its rounds, and makes, writes, moves and removes files: so that every file system has something under way. */
const PROGRAM = `
import os, select, sys, time
places = sys.argv[1:]
logs = [os.open(place + '/${ROUNDS_FILE}', os.O_WRONLY | os.O_CREAT | os.O_APPEND) for place in places]
n = 0
# The end of its input is the end of the test, also of one that was killed.
while not select.select([0], [], [], 0)[0]:
    n += 1
    for place, log in zip(places, logs):
        os.write(log, b'%08d\\n' % n)
        os.fsync(log)
        path = '%s/busy-%d' % (place, n % 40)
        spot = os.open(path, os.O_WRONLY | os.O_CREAT)
        os.write(spot, b'x' * (3000 + 100 * (n % 60)))
        os.close(spot)
        if n % 3 == 0: os.unlink(path)
        elif n % 5 == 0: os.replace(path, path + '.moved')
    time.sleep(0.002)
`;

export interface BusyWriter {
  /** Resolves when it has gone on, seen from here at one of its places. */
  goesOn(place: string): Promise<void>;
  stop(): void;
}

/** @param through argv that puts it where the places are; it may fork */
export function startBusyWriter(places: readonly string[], through: readonly string[] = []): BusyWriter {
  const [program = '', ...argv] = [...through, 'python3', '-c', PROGRAM, ...places];
  const child = spawn(program, argv, { stdio: ['pipe', 'ignore', 'inherit'], detached: true });
  return {
    async goesOn(place) {
      const size = (): number => statSync(join(place, ROUNDS_FILE), { throwIfNoEntry: false })?.size ?? 0;
      const wanted = size() + 50;
      for (let waited = 0; size() < wanted; waited++) {
        if (waited > 800) throw new Error(`nothing is written at ${place}`);
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    },
    stop() {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    },
  };
}
