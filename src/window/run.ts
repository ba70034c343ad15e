import type { Clock } from '../base/clock.ts';
import { beforeDeadline, type Deadline, deadline } from '../base/deadline.ts';
import { defined } from '../base/defined.ts';
import { asFault, type Fault } from '../base/fault.ts';
import type { ArrayId, FenceRecord, FireRecord, HoldRecord, Level, Timing, VmName, WindowRecord } from '../model.ts';
import type { ArmedCut, CutOutcome, Emit, Fired, GuestChannel } from '../ports.ts';
import { holdInOrder, releaseEach, releaseInReverse } from './order.ts';
import { lineLost, noAnswer, noFence, notHeld, said, tooLate } from './why.ts';

export interface WindowGuest {
  readonly vm: VmName;
  readonly optional: boolean;
  /** Held after these, released before them. */
  readonly after: readonly VmName[];
  /** Held in this order, released in the opposite one. */
  readonly stages: readonly { readonly method: string; readonly gives: Level; readonly channel: GuestChannel }[];
}

export interface WindowArray {
  readonly array: ArrayId;
  readonly armed: ArmedCut;
  readonly forecastMs: number;
  /** Raise its fence before anything is fired; its fire is then the commit, sent last. */
  readonly fence: boolean;
}

export interface WindowParts {
  readonly clock: Clock;
  readonly timing: Timing;
  readonly guests: readonly WindowGuest[];
  readonly arrays: readonly WindowArray[];
  readonly interrupt: AbortSignal;
  readonly emit: Emit;
}

/** Of the time before the fires: a guest whose answer never comes must not use up what the fires of the others need. */
const HOLDING_SHARE = 0.95;

/**
 * The window: hold every guest, raise fences, fire every unit, let everybody go. Never rejects: what went wrong is in
 * the record. Nothing is looked up, connected or written to disk between the first hold and the last release.
 *
 * Who is let go: every stage to which a hold was *sent*, whatever came back, under a budget that no interrupt cancels.
 * When is fired: with every required guest held and its line alive, and only if the forecast ends before W − R.
 */
export async function runWindow(parts: WindowParts): Promise<WindowRecord> {
  const { clock, timing, emit } = parts;
  const startedAt = clock.date().toISOString();
  const openedAtMs = clock.now();
  const holds = new Map<GuestChannel, HoldRecord>();
  const fences: FenceRecord[] = [];
  const fires: FireRecord[] = [];
  const stop = new AbortController();
  const halt = (why: Fault): void => stop.abort(why);
  const onInterrupt = (): void => halt(asFault(parts.interrupt.reason));
  if (parts.interrupt.aborted) onInterrupt();
  else parts.interrupt.addEventListener('abort', onInterrupt, { once: true });

  emit({ type: 'window', is: 'opened', atMs: openedAtMs });
  const firing = deadline(clock, timing.windowMs - timing.reserveMs, 'the window', stop.signal);
  const fenced = parts.arrays.filter((array) => array.fence);
  const open = parts.arrays.filter((array) => !array.fence);
  const forecastMs = longest(open) + longest(fenced);
  try {
    await holdAll(firing.within(HOLDING_SHARE * (firing.remainingMs() - forecastMs), 'holding the guests'));
    mayGoOn(forecastMs);
    await raiseAll();
    mayGoOn(forecastMs);
    await fireAll(open, false);
    if (fenced.length > 0) {
      mayGoOn(longest(fenced));
      await fireAll(fenced, true);
    }
  } catch (thrown) {
    halt(asFault(thrown));
  } finally {
    firing.done();
    const releasing = deadline(clock, timing.releaseMs, 'letting the guests go');
    await Promise.all([dropFences(releasing), releaseAll(releasing)]);
    releasing.done();
    parts.interrupt.removeEventListener('abort', onInterrupt);
  }
  const closedAtMs = clock.now();
  emit({ type: 'window', is: 'closed', atMs: closedAtMs, lastsMs: closedAtMs - openedAtMs });
  const why = stop.signal.aborted ? asFault(stop.signal.reason) : undefined;
  return {
    startedAt,
    openedAtMs,
    closedAtMs,
    holds: [...holds.values()],
    fences,
    fires,
    ...(why === undefined ? {} : { stopped: stoppedBy(why) }),
  };

  async function holdAll(limit: Deadline): Promise<void> {
    await holdInOrder(parts.guests, (guest) => holdGuest(guest, limit));
    limit.done();
  }

  /** Stage by stage. A required guest that cannot be held ends the window; an optional one is left out. */
  async function holdGuest(guest: WindowGuest, limit: Deadline): Promise<void> {
    for (const [stage, { method, gives, channel }] of guest.stages.entries()) {
      if (limit.signal.aborted) return;
      const sentAtMs = clock.now();
      const leaseMs = timing.windowMs - (sentAtMs - openedAtMs);
      const sent = { vm: guest.vm, stage, method, leaseMs, sentAtMs, gives, covers: [] };
      holds.set(channel, sent);
      emit({ type: 'guest', vm: guest.vm, stage, is: 'holding', atMs: sentAtMs });
      try {
        const held = await beforeDeadline(channel.hold(leaseMs, limit), limit);
        const heldAtMs = clock.now();
        holds.set(channel, { ...sent, heldAtMs, gives: held.gives, covers: held.covers });
        emit({ type: 'guest', vm: guest.vm, stage, is: 'held', atMs: heldAtMs });
        if (!guest.optional) channel.lost?.addEventListener('abort', () => halt(lineLost(guest.vm)), { once: true });
      } catch (thrown) {
        const fault = asFault(thrown);
        holds.set(channel, { ...sent, why: fault.message });
        emit({ type: 'guest', vm: guest.vm, stage, is: 'not-held', atMs: clock.now(), why: fault.message });
        if (!guest.optional) halt(fault.of(`guest ${guest.vm} not held`));
        return;
      }
    }
  }

  /** Throws unless every required guest is held on a live line and there is time for what comes next. */
  function mayGoOn(needMs: number): void {
    if (stop.signal.aborted) throw stop.signal.reason;
    for (const guest of parts.guests) {
      if (guest.optional) continue;
      for (const { channel } of guest.stages) {
        if (channel.lost?.aborted === true) throw lineLost(guest.vm);
        if (holds.get(channel)?.heldAtMs === undefined) throw notHeld(guest.vm);
      }
    }
    if (firing.remainingMs() < needMs) throw tooLate(needMs, firing.remainingMs());
  }

  async function raiseAll(): Promise<void> {
    await Promise.all(
      fenced.map(async ({ array, armed }) => {
        const sentAtMs = clock.now();
        if (armed.fence === undefined) throw noFence(array);
        const record = { array, sentAtMs };
        const index = fences.push(record) - 1;
        const remaining = timing.windowMs - (sentAtMs - openedAtMs);
        const leaseMs = Math.min(armed.fence.leaseMs.max, Math.max(armed.fence.leaseMs.min, remaining));
        try {
          await beforeDeadline(armed.fence.raise(leaseMs, firing), firing);
          const upAtMs = clock.now();
          fences[index] = { ...record, upAtMs };
          emit({ type: 'array', array, is: 'fence-raised', atMs: upAtMs });
        } catch (thrown) {
          const fault = asFault(thrown).of(`array ${array}: write hold not raised`);
          fences[index] = { ...record, why: fault.message };
          halt(fault);
        }
      }),
    );
  }

  async function fireAll(arrays: readonly WindowArray[], commit: boolean): Promise<void> {
    await Promise.all(
      arrays.map(async ({ array, armed }) => {
        const sentAtMs = clock.now();
        emit({ type: 'array', array, is: 'firing', atMs: sentAtMs });
        const { answers, answeredAtMs } = await answersOf(armed);
        for (const answer of answers) {
          const why = answer.kind === 'cut' ? undefined : answer.why.message;
          fires.push({
            array,
            unit: answer.unit.id,
            fenced: commit,
            sentAtMs,
            outcome: answer.kind,
            ...(answer.kind === 'unknown' ? {} : { answeredAtMs }),
            ...defined({ why }),
          });
        }
        const worst = answers.find(({ kind }) => kind === 'refused') ?? answers.find(({ kind }) => kind !== 'cut');
        const tookMs = answeredAtMs - sentAtMs;
        if (worst === undefined || worst.kind === 'cut')
          return emit({ type: 'array', array, is: 'cut', atMs: answeredAtMs, tookMs });
        emit({ type: 'array', array, is: worst.kind, atMs: answeredAtMs, tookMs, why: worst.why.message });
        halt(said(array, worst.why));
      }),
    );
  }

  /** A driver that breaks its contract (rejects, overruns) is taken at its worst: every unit's outcome is unknown. */
  async function answersOf(armed: ArmedCut): Promise<{ answers: readonly Fired[]; answeredAtMs: number }> {
    try {
      const answers = await beforeDeadline(armed.fire(firing), firing);
      const given = new Map(answers.map((answer) => [answer.unit.id, answer]));
      const complete = armed.units.map((unit) => given.get(unit.id) ?? unknown(unit, noAnswer(unit)));
      return { answers: complete, answeredAtMs: clock.now() };
    } catch (thrown) {
      const cause = asFault(thrown);
      return { answers: armed.units.map((unit) => unknown(unit, noAnswer(unit, cause))), answeredAtMs: clock.now() };
    }
  }

  async function dropFences(limit: Deadline): Promise<void> {
    const committed = new Set(fires.filter((fire) => fire.fenced && fire.outcome === 'cut').map((fire) => fire.array));
    const up = fenced.filter(({ array }) => fences.some((fence) => fence.array === array) && !committed.has(array));
    // A fence that cannot be dropped ends with its own lease; the array's check after the run finds what is left.
    await Promise.allSettled(
      up.map(({ armed }) => beforeDeadline(armed.fence?.drop(limit) ?? Promise.resolve(), limit)),
    );
  }

  async function releaseAll(limit: Deadline): Promise<void> {
    await releaseInReverse(parts.guests, clock, (guest) =>
      releaseEach([...guest.stages.entries()].reverse(), clock, ([stage, { channel }]) =>
        releaseStage(guest.vm, stage, channel, limit),
      ),
    );
  }

  /** Every answer that came in time is in by now. */
  function cutOutcome(): CutOutcome {
    if (fires.length === 0) return 'none';
    const units = parts.arrays.flatMap(({ armed }) => armed.units);
    return fires.length === units.length && fires.every(({ outcome }) => outcome === 'cut') ? 'taken' : 'unknown';
  }

  async function releaseStage(vm: VmName, stage: number, channel: GuestChannel, limit: Deadline): Promise<void> {
    const hold = holds.get(channel);
    if (hold === undefined) return;
    const releaseSentAtMs = clock.now();
    emit({ type: 'guest', vm, stage, is: 'releasing', atMs: releaseSentAtMs });
    const release = await beforeDeadline(channel.release(cutOutcome(), limit), limit).catch((thrown: unknown) => ({
      kind: 'unknown' as const,
      why: asFault(thrown).message,
    }));
    const releasedAtMs = clock.now();
    const why = hold.why ?? release.why;
    holds.set(channel, {
      ...hold,
      releaseSentAtMs,
      releasedAtMs,
      release: release.kind,
      ...defined({ why }),
    });
    emit({
      type: 'guest',
      vm,
      stage,
      is: 'released',
      atMs: releasedAtMs,
      release: release.kind,
      ...defined({ why: release.why }),
    });
  }
}

function stoppedBy({ code, message, hint }: Fault): WindowRecord['stopped'] & {} {
  return { code, message, ...defined({ hint }) };
}

function longest(arrays: readonly WindowArray[]): number {
  return Math.max(0, ...arrays.map(({ forecastMs }) => forecastMs));
}

function unknown(unit: ArmedCut['units'][number], why: Fault): Fired {
  return { kind: 'unknown', unit, why };
}
