import type { Clock } from '../base/clock.ts';
import { beforeDeadline, type Deadline, hurried } from '../base/deadline.ts';
import { AFTER_SIGNAL_MS } from '../base/interrupt.ts';
import type { Waits } from '../base/waits.ts';
import type { ArrayDriver } from '../ports.ts';

export interface Watching {
  readonly clock: Clock;
  readonly waits: Waits;
  /** Somebody wants the command to end. */
  readonly interrupt: AbortSignal;
  /** So long one command of this array may take. */
  readonly commandMs: number;
}

/** What is asked or told in one call takes two commands at the most: a look, and the deed. */
const COMMANDS = 2;

/**
 * The same driver, but whatever is waited for outside the window has a name and an end: a call that looks or removes has
 * a limit of its own, and none outlives a signal by much. What fires and fences has the window's own limits.
 */
export function watchedArray(driver: ArrayDriver, { clock, waits, interrupt, commandMs }: Watching): ArrayDriver {
  const subject = `array ${driver.id}`;
  const waited = async <T>(outer: Deadline, work: (limit: Deadline) => Promise<T>): Promise<T> => {
    const limit = hurried(clock, outer, interrupt, AFTER_SIGNAL_MS);
    try {
      return await waits.during(subject, limit, () => work(limit));
    } finally {
      limit.done();
    }
  };
  /** May take many commands, each with its own limit. */
  const asked = <T>(outer: Deadline, work: (limit: Deadline) => Promise<T>): Promise<T> =>
    waited(outer, (limit) => beforeDeadline(work(limit), limit));
  const called = async <T>(outer: Deadline, work: (limit: Deadline) => Promise<T>): Promise<T> => {
    const own = outer.within(COMMANDS * commandMs, subject);
    try {
      return await asked(own, work);
    } finally {
      own.done();
    }
  };
  const { expose } = driver;
  return {
    ...driver,
    ...(expose === undefined ? {} : { expose: exposing(expose) }),
    check: (limit) => asked(limit, (own) => driver.check(own)),
    locate: (devices, limit) => asked(limit, (own) => driver.locate(devices, own)),
    group: (volumes, limit) => asked(limit, (own) => driver.group(volumes, own)),
    async arm(units, label, limit) {
      // Not given up by us: a preparation that nobody waits for could go on while it is being taken away.
      const cut = await waited(limit, (own) => driver.arm(units, label, own));
      return {
        ...cut,
        recheck: (again) => asked(again, (own) => cut.recheck(own)),
        collect: (again) => asked(again, (own) => cut.collect(own)),
      };
    },
    disarm: (label, limit) => called(limit, (own) => driver.disarm(label, own)),
    find: (label, limit) => called(limit, (own) => driver.find(label, own)),
    findAll: (limit) => called(limit, (own) => driver.findAll(own)),
    remove: (snapshot, limit) => called(limit, (own) => driver.remove(snapshot, own)),
  };

  /** What reads an image may take its time, but not in silence. */
  function exposing(show: NonNullable<ArrayDriver['expose']>): NonNullable<ArrayDriver['expose']> {
    return async (snapshot, limit) => {
      const exposed = await waited(limit, (own) => show(snapshot, own));
      const { shell } = exposed;
      const run: typeof shell.run = (argv, options) =>
        waits.during(subject, options.deadline, () => shell.run(argv, options));
      return { ...exposed, shell: { ...shell, run } };
    };
  }
}
