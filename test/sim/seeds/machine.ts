import type { Clock } from '../../../src/base/clock.ts';
import type { FileSystem } from '../../../src/base/file-system.ts';
import { openState, type StateFolder } from '../../../src/catalog/state-folder.ts';
import { type MemoryFileSystem, memoryFileSystem } from '../../fixtures/memory-file-system.ts';
import type { Mortal } from '../mortal.ts';
import { type LockFolder, lockFolder } from './memory-locks.ts';
import type { World } from './world.ts';

/** A machine that Stillpoint runs on: its disk, its locks, and its wall clock, which may be wrong, and may jump. */
export interface Machine {
  readonly name: string;
  readonly state: StateFolder;
  readonly locks: LockFolder;
  readonly clock: Clock;
  /** Processes that run on it, or did. */
  readonly lives: Mortal[];
  /** Grows with each start of the machine. */
  boot: number;
  /** Its wall clock against the world's. */
  aheadMs: number;
  /** What its catalog of sets was when it was last looked at. */
  papersSeen: string;
  contents(): ReadonlyMap<string, string>;
  /** What was not synced is lost, but for so much of each file's end. */
  losePower(keep: (unsynced: number) => number): void;
}

export async function machine(name: string, world: World): Promise<Machine> {
  let disk: MemoryFileSystem = memoryFileSystem();
  const files: FileSystem = {
    read: (path) => disk.read(path),
    writeWhole: (path, text) => disk.writeWhole(path, text),
    append: (path, text) => disk.append(path, text),
    sync: (path) => disk.sync(path),
    list: (folder) => disk.list(folder),
    changed: (folder, names) => disk.changed(folder, names),
    makeFolder: (path) => disk.makeFolder(path),
    remove: (path) => disk.remove(path),
  };
  const clock: Clock = {
    now: () => world.clock.now(),
    after: (ms, run) => world.clock.after(ms, run),
    date: () => new Date(world.clock.date().getTime() + self.aheadMs),
  };
  const self: Machine = {
    name,
    state: await openState('/state', files),
    locks: lockFolder(clock),
    clock,
    lives: [],
    boot: 1,
    aheadMs: 0,
    papersSeen: '',
    contents: () => disk.contents(),
    losePower(keep) {
      disk = disk.afterPowerLoss((_, unsynced) => keep(unsynced));
      self.boot += 1;
    },
  };
  return self;
}
