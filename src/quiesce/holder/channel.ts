import type { Clock } from '../../base/clock.ts';
import { beforeDeadline, type Deadline, seconds } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import type { GuestChannel, Held, Release } from '../../ports.ts';
import type { Session } from './session.ts';
import type { Report } from './words.ts';

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
  /** Mount points by the holder's index, for messages. */
  readonly mounts: readonly string[];
  flush(deadline: Deadline): Promise<void>;
  recheck(deadline: Deadline): Promise<void>;
}): GuestChannel {
  const { session, clock, held, mounts } = parts;
  const line = new AbortController();
  const thaws = new Map<number, Extract<Report, { kind: 'thaw' }>>();
  let wordSent = false;
  let allFrozen = false;
  let closing = false;
  let pings = 0;
  let freshUntilMs = Number.NEGATIVE_INFINITY;
  let word: Release | undefined;
  let settled = (): void => {};
  const over = new Promise<void>((resolve) => {
    settled = resolve;
  });

  session.listen((report) => {
    if (report.kind === 'thaw') thaws.set(report.index, report);
    if (report.kind === 'all-frozen') allFrozen = true;
    if (report.kind !== 'thawed') return;
    word = wordOf(report.by);
    if (!closing) line.abort(new Fault({ code: 'quiesce.let-go', message: `${session.where}: let go: ${word.why}` }));
    settled();
  });
  void session.ended.then(({ why }) => {
    const after = wordSent ? `, and it never said that it let go` : '';
    word ??= wordSent ? { kind: 'unknown', why: `the line was lost (${why})${after}` } : nothingHeld();
    if (!closing)
      line.abort(
        new Fault({ code: 'quiesce.line-lost', message: `${session.where}: the line to the holder was lost: ${why}` }),
      );
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

  /** The guest's word, at the end: kept only if it was ours that ended it, and every file system stood until then. */
  function wordOf(by: string): Release {
    if (!wordSent) return nothingHeld();
    if (by !== 'word') return { kind: 'expired', why: ENDINGS[by] ?? by };
    if (!allFrozen) return { kind: 'expired', why: 'not everything was still yet' };
    const moved = mounts.filter((_, index) => !stood(thaws.get(index)));
    if (moved.length > 0) return { kind: 'expired', why: `${moved.join(', ')} had been let go by somebody else` };
    return { kind: 'kept' };
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
      await parts.recheck(limit);
      await ping(limit);
    },

    async hold(leaseMs, limit) {
      if (leaseMs > parts.maxLeaseMs) {
        throw new Fault({
          code: 'quiesce.lease',
          message: `${session.where}: a lease of ${seconds(leaseMs)} is longer than the ${seconds(parts.maxLeaseMs)} agreed`,
        });
      }
      if (wordSent)
        throw new Fault({ code: 'quiesce.used', message: `${session.where}: this channel has held already` });
      if (clock.now() > freshUntilMs) await ping(limit);
      const sentAtMs = clock.now();
      wordSent = true;
      const reports = await session.ask(['freeze', `lease=${Math.floor(leaseMs)}`], decides, limit);
      const answer = reports.at(-1);
      if (answer?.kind !== 'all-frozen') throw notHeld(session.where, reports, mounts);
      // An answer alone can have waited in a relay until the lease was over: the line has to carry a word both ways.
      const state = await ping(limit);
      const tookMs = clock.now() - sentAtMs;
      if (state !== 'held' || tookMs >= leaseMs) {
        throw new Fault({
          code: 'quiesce.late',
          message: `${session.where}: was held, but the news came after ${seconds(tookMs)} of a lease of ${seconds(leaseMs)} (${state})`,
        });
      }
      return held;
    },

    async release(limit) {
      if (word !== undefined) return word;
      if (!wordSent) return nothingHeld();
      closing = true;
      session.tell('thaw');
      try {
        await beforeDeadline(over, limit);
      } catch {
        // The answer may still come; whoever asks again hears it.
      }
      return (
        word ?? {
          kind: 'unknown',
          why: `no answer to the release within its time; the guest lets go when its lease ends`,
        }
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

function nothingHeld(): Release {
  return { kind: 'expired', why: 'nothing was held' };
}

function notHeld(where: string, reports: readonly Report[], mounts: readonly string[]): Fault {
  const failed = reports.find((report) => report.kind === 'failed');
  if (failed !== undefined) {
    const mount = mounts[failed.index] ?? `mount ${failed.index}`;
    const foreign = failed.why === 'EBUSY';
    return new Fault({
      code: foreign ? 'quiesce.frozen-by-another' : 'quiesce.freeze-failed',
      message: `${where}: ${mount} ${foreign ? 'is frozen by somebody else, and was left so' : `could not be frozen: ${failed.why}`}`,
      hint: foreign ? `Find out who froze it; fsfreeze -u ${mount} lets it go.` : 'See the kernel log of the guest.',
    });
  }
  const last = reports.at(-1);
  const why =
    last?.kind === 'refused' ? REFUSALS[last.why] : last?.kind === 'thawed' ? (ENDINGS[last.by] ?? last.by) : undefined;
  return new Fault({
    code: 'quiesce.not-held',
    message: `${where}: the guest is not held: ${why ?? 'no reason was given'}`,
  });
}

const REFUSALS: Readonly<Record<string, string>> = {
  stale: 'the word came more than a second after the last answered ping, and was not obeyed',
  lease: 'the lease does not fit before the guest’s own timer',
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
