import type { FileSystem } from '../../src/base/file-system.ts';
import type { Locks } from '../../src/base/lock.ts';
import type { ArmedCut, ArrayDriver, GuestChannel, PlacementReader, Quiescer, Snapshotter } from '../../src/ports.ts';

/**
 * A process that can die at each of its steps: before and after every change of a file, every call of an array and
 * every word to a guest. From its death on nothing that it has begun comes back to it, and its lines are gone.
 */
export interface Mortal {
  readonly files: (files: FileSystem) => FileSystem;
  readonly array: (driver: ArrayDriver) => ArrayDriver;
  readonly guest: (quiescer: Quiescer) => Quiescer;
  readonly point: (snapshotter: Snapshotter) => Snapshotter;
  readonly reader: (reader: PlacementReader) => PlacementReader;
  readonly locks: (locks: Locks) => Locks;
  /** Rejects with `DIED`. */
  readonly died: Promise<never>;
  /** Steps taken so far. */
  steps(): number;
  alive(): boolean;
  /** Dies now, between two steps. With the machine's power its lines are not closed: nobody tells the guests. */
  kill(by: 'signal' | 'power'): void;
  /** What a guest's own sshd does at last with lines on which nobody answers. */
  hangUp(): void;
}

export const DIED = new Error('the process died');

/** @param at dies before this step, counted from 0; absent: never */
export function mortal(at = Number.POSITIVE_INFINITY): Mortal {
  const lines: GuestChannel[] = [];
  let steps = 0;
  let alive = true;
  let hungUp = false;
  let die = (): void => {};
  const died = new Promise<never>((_, reject) => {
    die = () => reject(DIED);
  });
  died.catch(() => {});

  function step(): Promise<void> {
    if (alive && steps < at) {
      steps += 1;
      return Promise.resolve();
    }
    kill('signal');
    return new Promise(() => {});
  }
  function kill(by: 'signal' | 'power'): void {
    if (!alive) return;
    alive = false;
    if (by === 'signal') hangUp();
    die();
  }
  function hangUp(): void {
    hungUp = true;
    for (const line of lines) void line.close();
  }
  async function around<T>(work: () => Promise<T>): Promise<T> {
    await step();
    const value = await work();
    await step();
    return value;
  }

  return {
    died,
    steps: () => steps,
    alive: () => alive,
    kill,
    hangUp,
    files: (files) => ({
      ...files,
      writeWhole: (path, text) => around(() => files.writeWhole(path, text)),
      append: (path, text) => around(() => files.append(path, text)),
      sync: (path) => around(() => files.sync(path)),
      makeFolder: (path) => around(() => files.makeFolder(path)),
      remove: (path) => around(() => files.remove(path)),
    }),
    array: (driver) => ({
      ...driver,
      arm: (units, label, limit) => around(async () => armed(await driver.arm(units, label, limit))),
      disarm: (label, limit) => around(() => driver.disarm(label, limit)),
      find: (label, limit) => around(() => driver.find(label, limit)),
      findAll: (limit) => around(() => driver.findAll(limit)),
      remove: (snapshot, limit) => around(() => driver.remove(snapshot, limit)),
    }),
    reader: (reader) => ({
      ...reader,
      read: (vms, limit) => around(() => reader.read(vms, limit)),
      disturbances: (refs, sinceMs, limit) => around(() => reader.disturbances(refs, sinceMs, limit)),
    }),
    locks: (locks) => ({
      ...locks,
      take: (names, run, wait) =>
        around(async () => {
          const taken = await locks.take(names, run, wait);
          return { release: () => around(() => taken.release()) };
        }),
      held: () => around(() => locks.held()),
    }),
    point: (snapshotter) => ({
      ...snapshotter,
      begin: (guest, order, limit) => around(() => snapshotter.begin(guest, order, limit)),
      find: (vm, label, limit) => around(() => snapshotter.find(vm, label, limit)),
      remove: (ours, limit) => around(() => snapshotter.remove(ours, limit)),
    }),
    guest: (quiescer) => ({
      ...quiescer,
      open: (guest, order, limit) =>
        around(async () => {
          const channel = await quiescer.open(guest, order, limit);
          lines.push(channel);
          // It was being opened when the process died.
          if (hungUp) void channel.close();
          return spoken(channel);
        }),
    }),
  };

  function armed(cut: ArmedCut): ArmedCut {
    return {
      ...cut,
      fire: (limit) => around(() => cut.fire(limit)),
      collect: (limit) => around(() => cut.collect(limit)),
    };
  }

  function spoken(channel: GuestChannel): GuestChannel {
    return {
      ...channel,
      hold: (leaseMs, limit) => around(() => channel.hold(leaseMs, limit)),
      release: (cut, limit) => around(() => channel.release(cut, limit)),
      close: () => around(() => channel.close()),
    };
  }
}
