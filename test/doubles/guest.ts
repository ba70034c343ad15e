import type { Clock } from '../../src/base/clock.ts';
import { beforeDeadline, type Deadline } from '../../src/base/deadline.ts';
import { EXIT, Fault } from '../../src/base/fault.ts';
import type { DiskRef, GuestDisk, GuestUse, Level } from '../../src/model.ts';
import type { GuestChannel, Held, HoldOrder, Quiescer, Release } from '../../src/ports.ts';

/** What a simulated guest is, and what befalls it. Times in ms; an absent fault does not happen. */
export interface SimulatedGuest {
  readonly gives?: Level;
  readonly disks?: readonly GuestDisk[];
  readonly uses?: readonly GuestUse[];
  /** A word's way, in either direction; 1. */
  readonly latencyMs?: number;
  /** From the word's arrival until all is still; 5. Longer than the lease: a freeze that its storage stalls. */
  readonly holdTakesMs?: number;
  readonly releaseTakesMs?: number;
  /** This step fails, with this code. A failing hold has frozen, and lets go when `holdTakesMs` is over. */
  readonly fails?: { readonly step: 'open' | 'flush' | 'recheck' | 'hold'; readonly code: string };
  /** The hold word stays on its way for so long; after a second the guest no longer obeys it. */
  readonly wordDelayMs?: number;
  /** Lets go without a word, so long after all was still. */
  readonly letsGoAfterMs?: number;
  /** Somebody writes past what is held, so long after all was still. The release says so. */
  readonly writtenAfterMs?: number;
  /** The line is lost, so long after the hold word was sent. */
  readonly lineLostAfterMs?: number;
  /** `closed`: both ends see it at once. `silent`: neither does; the guest waits for its lease, or two minutes, and we for ever. */
  readonly lineEnds?: 'closed' | 'silent';
  /** Which of the disks it was ordered to cover it really stills; all. What it says agrees with what it does. */
  readonly stills?: (disk: DiskRef) => boolean;
}

/** A span in which these disks were still, on the simulation's clock. This is the truth, not what was reported. */
export interface Stillness {
  readonly fromMs: number;
  readonly untilMs: number | undefined;
  readonly disks: readonly DiskRef[];
}

export interface SimulatedQuiescer extends Quiescer {
  /** Something is frozen, or being frozen: its writers stand. */
  held(): boolean;
  stillness(): readonly Stillness[];
}

/** The longest that a hold word may have been on its way. */
const STALE_WORD_MS = 1000;
/** So long a guest that holds nothing waits for a line on which nothing comes. */
const IDLE_MS = 120_000;

/** A guest inside this process, on any clock, that keeps the contract and suffers what it is told to. */
export function simulated(clock: Clock, guest: SimulatedGuest = {}): SimulatedQuiescer {
  const spans: { fromMs: number; untilMs: number | undefined; disks: readonly DiskRef[] }[] = [];
  const insides: Inside[] = [];
  let owner: string | undefined;

  function failing(step: 'open' | 'flush' | 'recheck'): void {
    if (guest.fails?.step === step) throw new Fault({ code: guest.fails.code, message: `simulated ${step} failed` });
  }

  return {
    method: 'simulated',
    gives: guest.gives ?? 'filesystem',
    bound: 'lease',
    held: () => insides.some((inside) => inside.busy()),
    isHeld: async () => (insides.some((inside) => inside.busy()) ? ['/srv'] : []),
    remedy: (held) => held.map((path) => `fsfreeze --unfreeze ${path}`),
    stillness: () => spans,

    async probe() {
      const { disks = [], uses = [] } = guest;
      const gives = guest.gives ?? 'filesystem';
      return { method: 'simulated', gives, disks, uses, findings: [], summary: 'a simulated guest' };
    },

    async open(_guest, order, _deadline) {
      failing('open');
      if (owner !== undefined) {
        throw new Fault({ code: 'locked', message: `held by ${owner}`, exit: EXIT.locked });
      }
      owner = order.owner;
      const line = new AbortController();
      const disks = order.covers.filter((disk) => guest.stills?.(disk) ?? true);
      const inside = insideOf(clock, guest, {
        still: () => spans.push({ fromMs: clock.now(), untilMs: undefined, disks }),
        moving: () => {
          const span = spans.at(-1);
          if (span !== undefined) span.untilMs = clock.now();
        },
        gone: () => {
          owner = undefined;
        },
      });
      insides.push(inside);
      return channel(clock, guest, { gives: order.gives, covers: disks }, order, inside, line, failing);
    },
  };
}

function channel(
  clock: Clock,
  guest: SimulatedGuest,
  held: Held,
  order: HoldOrder,
  inside: Inside,
  line: AbortController,
  failing: (step: 'flush' | 'recheck') => void,
): GuestChannel {
  const latencyMs = guest.latencyMs ?? 1;
  let carries = true;
  let confirmed = false;
  let word: Release | undefined;

  /** One way over the line; what is on its way when the line goes is lost. */
  function travel(deliver: () => void, ms = latencyMs): void {
    if (carries) clock.after(ms, () => void (carries && deliver()));
  }
  function lose(): void {
    if (!carries) return;
    carries = false;
    if (guest.lineEnds === 'silent') {
      clock.after(IDLE_MS, () => inside.letGo('line'));
      return;
    }
    line.abort(new Fault({ code: 'line-lost', message: 'the line to the guest was lost' }));
    inside.letGo('line');
  }
  function orLost<T>(work: Promise<T>, deadline: Deadline): Promise<T> {
    const lost = new Promise<never>((_, reject) => {
      if (line.signal.aborted) reject(line.signal.reason);
      line.signal.addEventListener('abort', () => reject(line.signal.reason), { once: true });
    });
    return beforeDeadline(Promise.race([work, lost]), deadline);
  }

  return {
    lost: line.signal,
    async flush() {
      failing('flush');
    },
    async recheck() {
      failing('recheck');
    },
    async hold(leaseMs, deadline) {
      if (leaseMs > order.maxLeaseMs) {
        throw new Fault({ code: 'quiesce.lease', message: `a lease of ${leaseMs} ms is longer than was agreed` });
      }
      if (guest.lineLostAfterMs !== undefined) clock.after(guest.lineLostAfterMs, lose);
      const answer = new Promise<Fault | undefined>((resolve) => {
        const onItsWayMs = guest.wordDelayMs ?? latencyMs;
        travel(() => inside.hold(leaseMs, onItsWayMs, (fault) => travel(() => resolve(fault))), onItsWayMs);
      });
      const fault = await orLost(answer, deadline);
      if (fault !== undefined) throw fault;
      confirmed = true;
      return held;
    },
    async release(_cut, deadline) {
      if (word !== undefined) return word;
      const answer = new Promise<Release>((resolve) => {
        travel(() => inside.release((release) => travel(() => resolve(release))));
      });
      try {
        const said = await orLost(answer, deadline);
        word = confirmed ? said : { kind: 'expired', why: said.why ?? 'the hold was never confirmed' };
        return word;
      } catch {
        return { kind: 'unknown', why: 'the guest did not answer the release' };
      }
    },
    async close() {
      if (carries) inside.letGo('line');
      carries = false;
    },
  };
}

/** The far side: a holder with its lease. */
interface Inside {
  busy(): boolean;
  hold(leaseMs: number, onItsWayMs: number, answer: (fault?: Fault) => void): void;
  letGo(by: 'lease' | 'line' | 'itself'): void;
  release(answer: (release: Release) => void): void;
}

interface Watched {
  still(): void;
  moving(): void;
  gone(): void;
}

function insideOf(clock: Clock, guest: SimulatedGuest, watched: Watched): Inside {
  let state: 'free' | 'freezing' | 'held' = 'free';
  let ended: string | undefined;
  let left = false;
  let waiting: (() => void) | undefined;
  let said: Release | undefined;
  let written = false;

  function thaw(): void {
    if (state === 'held' && !written) watched.moving();
    state = 'free';
    waiting?.();
    if (left) watched.gone();
  }
  /** Whoever comes next waits for a freeze that is under way, as for one that stands. */
  function leave(): void {
    // The end of its lease finds nothing to leave where the line has ended before: another may be there by now.
    if (left) return;
    left = true;
    if (state === 'free') watched.gone();
  }
  function write(): void {
    if (state !== 'held') return;
    written = true;
    watched.moving();
  }
  function stood(): Release {
    return written ? { kind: 'written', why: '8 sectors of sdb' } : { kind: 'kept' };
  }
  /** While a freeze runs it can only be forbidden to stand: it is undone when it is through. */
  function end(by: string): void {
    ended ??= by;
    if (state === 'held') thaw();
  }

  return {
    busy: () => state !== 'free',
    hold(leaseMs, onItsWayMs, answer) {
      if (ended !== undefined) return answer(refused(`the holder had ended (${ended})`));
      if (state !== 'free') return answer(refused('it holds already'));
      if (onItsWayMs > STALE_WORD_MS) return answer(refused('the word came too late to be obeyed'));
      state = 'freezing';
      clock.after(leaseMs, () => {
        if (state !== 'free') end('lease');
        leave();
      });
      clock.after(guest.holdTakesMs ?? 5, () => {
        if (guest.fails?.step === 'hold') end(guest.fails.code);
        if (ended !== undefined) {
          thaw();
          return answer(refused(`not all could be held (${ended})`, guest.fails?.code));
        }
        state = 'held';
        watched.still();
        if (guest.letsGoAfterMs !== undefined) clock.after(guest.letsGoAfterMs, () => end('itself'));
        if (guest.writtenAfterMs !== undefined) clock.after(guest.writtenAfterMs, write);
        answer();
      });
    },
    letGo(by) {
      end(by);
      leave();
    },
    release(answer) {
      said ??= state === 'held' ? stood() : { kind: 'expired', why: ended ?? 'not all was held yet' };
      const reply = answer.bind(undefined, said);
      end('word');
      clock.after(guest.releaseTakesMs ?? 1, () => {
        if (state === 'free') reply();
        else waiting = reply;
      });
    },
  };
}

function refused(message: string, code = 'quiesce.not-held'): Fault {
  return new Fault({ code, message: `simulated guest: ${message}` });
}
