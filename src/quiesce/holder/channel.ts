import type { Clock } from '../../base/clock.ts';
import { count } from '../../base/count.ts';
import { beforeDeadline, type Deadline, seconds } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { own } from '../../base/own.ts';
import type { CutOutcome, GuestChannel, Held, Release } from '../../ports.ts';
import type { Session } from './session.ts';
import type { Report, Written } from './words.ts';

/** A holder goes away after two minutes without a word. */
const KEEP_COMPANY_MS = 30_000;
/** A holder obeys the hold word for a second after its answer to a ping; younger than this, a ping need not be repeated. */
const FRESH_PING_MS = 400;

/** Holds and releases through a holder that has said READY. */
export function holderChannel(parts: {
  readonly session: Session;
  readonly clock: Clock;
  readonly held: Held;
  readonly maxLeaseMs: number;
  /** What is held, by the holder's index, for messages: mount points, or the one hold command of a site's own. */
  readonly things: readonly string[];
  /** Disks whose writes the holder counts while it holds. */
  readonly watches: readonly string[];
  /** Why one of these could not be held. */
  failed(failure: Extract<Report, { kind: 'failed' }>, thing: string): Fault;
  /** More words behind the one that lets go. */
  releaseWords?(cut: CutOutcome): readonly string[];
  flush(deadline: Deadline): Promise<void>;
  recheck(deadline: Deadline): Promise<void>;
}): GuestChannel {
  const { session, clock, held, things } = parts;
  const line = new AbortController();
  const thaws = new Map<number, Extract<Report, { kind: 'thaw' }>>();
  let wordSent = false;
  let confirmed = false;
  let closing = false;
  let pings = 0;
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  let word: Release | undefined;
  let leaseEndsAtMs = Number.POSITIVE_INFINITY;
  let ending: string | undefined;
  let settled = (): void => {};
  const over = new Promise<void>((resolve) => {
    settled = resolve;
  });

  session.listen((report) => {
    // Of what is not held here no word is kept: a guest may say any number of them.
    if (report.kind === 'thaw' && report.index in things) thaws.set(report.index, report);
    if (report.kind !== 'thawed') return;
    ending = ENDINGS[report.by] ?? report.by;
    word = wordOf(report);
    if (!closing) line.abort(new Fault({ code: 'quiesce.let-go', message: `${session.where}: let go: ${word.why}` }));
    settled();
  });
  void session.ended.then(({ why }) => {
    word ??= wordSent
      ? { kind: 'unknown', why: `the connection was lost before the guest confirmed its release (${why})` }
      : nothingHeld();
    if (!closing) line.abort(lineLost(session.where, why));
    settled();
    stopCompany();
  });

  let stopCompany = (): void => {};
  function keepCompany(): void {
    stopCompany = clock.after(KEEP_COMPANY_MS, () => {
      session.tell('ping', 'company');
      keepCompany();
    });
  }
  keepCompany();

  /** The guest's word, at the end: kept only if it was ours that ended it, every file system stood, and nobody wrote. */
  function wordOf({ by, written }: Extract<Report, { kind: 'thawed' }>): Release {
    if (!wordSent) return nothingHeld();
    const stuck = things.filter((_, index) => thaws.get(index)?.first === 'stuck');
    if (stuck.length > 0) return { kind: 'unknown', why: `${stuck.join(', ')} could not be released` };
    if (by !== 'word') return { kind: 'expired', why: own(ENDINGS, by) ?? 'for a reason that we do not know' };
    if (!confirmed) return { kind: 'expired', why: 'the hold was never confirmed' };
    // A guest that was paused with its holder obeys the word when it wakes, and its disks did stand. But it stood still for
    // longer than anybody was promised, and what comes after its time proves nothing here.
    if (clock.now() >= leaseEndsAtMs) return { kind: 'expired', why: 'its word came after its lease had ended' };
    const moved = things.filter((_, index) => !stood(thaws.get(index)));
    if (moved.length > 0) return { kind: 'expired', why: `${moved.join(', ')} had been released by somebody else` };
    return parts.watches.length === 0 ? { kind: 'kept' } : unwritten(written, parts.watches);
  }

  function notHeld(reports: readonly Report[]): Fault {
    const failure = reports.find((report) => report.kind === 'failed');
    if (failure !== undefined) return parts.failed(failure, things[failure.index] ?? `thing ${failure.index}`);
    const last = reports.at(-1);
    const known =
      last?.kind === 'refused' ? own(REFUSALS, last.why) : last?.kind === 'thawed' ? own(ENDINGS, last.by) : undefined;
    return new Fault({
      code: 'quiesce.not-held',
      message: `${session.where}: the guest is not held: ${known ?? 'the holder gave no reason that we know'}`,
    });
  }

  async function ping(limit: Deadline): Promise<string> {
    const mark = String(++pings);
    const sentAtMs = clock.now();
    const reports = await session.ask(
      ['ping', mark],
      (report) => report.kind === 'pong' && report.mark === mark,
      limit,
    );
    freshUntilMs = sentAtMs + FRESH_PING_MS;
    const pong = reports.at(-1);
    return pong?.kind === 'pong' ? pong.state : 'unknown';
  }

  return {
    lost: line.signal,
    flush: (limit) => parts.flush(limit),
    async recheck(limit) {
      try {
        await parts.recheck(limit);
        await ping(limit);
      } catch (thrown) {
        throw ending === undefined ? thrown : endedEarly(session.where, ending);
      }
    },

    async hold(leaseMs, limit) {
      if (leaseMs > parts.maxLeaseMs) {
        throw new Fault({
          code: 'quiesce.lease',
          message: `${session.where}: a lease of ${seconds(leaseMs)} is longer than the ${seconds(parts.maxLeaseMs)} agreed`,
        });
      }
      if (wordSent) {
        throw new Fault({ code: 'quiesce.used', message: `${session.where}: this channel has held already` });
      }
      if (clock.now() > freshUntilMs) await ping(limit);
      // Meanwhile the window may have been given up, and this guest told to let go: it must not be held after that.
      if (closing || limit.signal.aborted) {
        throw new Fault({ code: 'quiesce.given-up', message: `${session.where}: not held: the window was given up` });
      }
      const sentAtMs = clock.now();
      wordSent = true;
      leaseEndsAtMs = sentAtMs + leaseMs;
      const reports = await session.ask(['freeze', `lease=${Math.floor(leaseMs)}`], decides, limit);
      const answer = reports.at(-1);
      if (answer?.kind !== 'all-frozen') throw notHeld(reports);
      // An answer alone can have waited in a relay until the lease was over: the line has to carry a word both ways.
      const state = await ping(limit);
      const tookMs = clock.now() - sentAtMs;
      if (state !== 'held' || tookMs >= leaseMs) {
        throw new Fault({
          code: 'quiesce.late',
          message: `${session.where}: was held, but the news came after ${seconds(tookMs)} of a lease of ${seconds(leaseMs)} (${state})`,
        });
      }
      confirmed = true;
      return held;
    },

    async release(cut, limit) {
      closing = true;
      if (word !== undefined) return word;
      if (!wordSent) return nothingHeld();
      session.tell('thaw', ...(parts.releaseWords?.(cut) ?? []));
      try {
        await beforeDeadline(over, limit);
      } catch {
        // The answer may still come; whoever asks again hears it.
      }
      return (
        word ?? { kind: 'unknown', why: 'no answer to the release in time; the guest lets go when its lease ends' }
      );
    },

    async close() {
      closing = true;
      stopCompany();
      session.end();
      await session.ended;
    },
  };
}

function decides(report: Report): boolean {
  return ['all-frozen', 'refused', 'thawed'].includes(report.kind);
}

function stood(thaw: Extract<Report, { kind: 'thaw' }> | undefined): boolean {
  return thaw?.first === '0' && thaw.again === 'EINVAL';
}

/** Of the disks that were written; a guest has any number. */
const MOST_NAMED = 5;

function unwritten(written: readonly Written[] | undefined, watches: readonly string[]): Release {
  const unread = written?.find(({ what }) => what === 'unread');
  if (written === undefined || unread !== undefined || !written.every(({ disk }) => watches.includes(disk))) {
    return {
      kind: 'expired',
      why: `whether ${unread?.disk ?? 'a disk'} was written to meanwhile could not be counted`,
    };
  }
  // Each once: a guest may say the same any number of times.
  const told = new Map(written.map(({ disk, what }) => [disk, what]));
  const texts = [...told].map(([disk, what]) =>
    what === 'flying' ? `a write to ${disk} was under way` : `${count(Number(what), 'sector')} of ${disk}`,
  );
  if (texts.length === 0) return { kind: 'kept' };
  const more = texts.length > MOST_NAMED ? ` and ${texts.length - MOST_NAMED} more disks` : '';
  return { kind: 'written', why: `${texts.slice(0, MOST_NAMED).join(', ')}${more}` };
}

function nothingHeld(): Release {
  return { kind: 'expired', why: 'nothing was held' };
}

function endedEarly(where: string, why: string): Fault {
  return new Fault({
    code: 'quiesce.holder-ended',
    message: `${where}: the holder ended before it was told to hold: ${why}`,
    hint: 'Look in the system log of the guest for who ends processes there (the OOM killer, a watchdog), then run again.',
  });
}

function lineLost(where: string, why: string): Fault {
  return new Fault({ code: 'quiesce.line-lost', message: `${where}: the line to the holder was lost: ${why}` });
}

const REFUSALS: Readonly<Record<string, string>> = {
  stale: 'the word came more than a second after the last answered ping, and was not obeyed',
  lease: 'the lease is longer than was agreed, or does not fit before the guest’s own timer',
  full: 'the lease could not be written down there: no room under /run?',
};

const ENDINGS: Readonly<Record<string, string>> = {
  lease: 'the lease ended',
  line: 'the line to the guest was lost',
  signal: 'the holder was told to end by a signal',
  failed: 'not all could be held',
  idle: 'no word came for two minutes',
  'channel-gone': 'the holder’s main process was killed',
  'watch-gone': 'the holder’s watch was killed',
  'freezer-gone': 'the holder’s freezer was killed',
  'thawer-gone': 'one of the holder’s processes was killed',
  'unknown-word': 'the holder was told a word that it does not know',
};
