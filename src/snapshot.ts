import { type Deadline, deadline } from './base/deadline.ts';
import { asFault, EXIT } from './base/fault.ts';
import type { TakenLocks } from './base/lock.ts';
import type { Journal } from './catalog/journal.ts';
import { newLabel } from './catalog/names.ts';
import { conclude, concludeFailed } from './flows/snapshot/conclude.ts';
import { beginAll, withGuestSnapshots } from './flows/snapshot/guest-snapshots.ts';
import {
  armAll,
  flushAll,
  lockAll,
  makePlan,
  openAll,
  recheckAll,
  takenMeanwhile,
  tellLeftovers,
  unlockAll,
  writeIntent,
} from './flows/snapshot/prepare.ts';
import { finish, reusing } from './flows/snapshot/report.ts';
import type { Opened, RunParts, RunReport } from './flows/snapshot/run-parts.ts';
import { type Passed, stillHeld } from './flows/snapshot/still-held.ts';
import type { Plan, WindowRecord } from './model.ts';
import type { RunEvent } from './ports.ts';
import { runWindow, type WindowArray, type WindowGuest } from './window/run.ts';

/**
 * THE MAIN PATH. One run: read where everything lies, plan, lock, write the intent down, prepare the arrays, open the
 * guests, hold and cut inside the window, then look, judge, and keep the whole set or take all of it back.
 *
 * Never rejects: a failed run is a report too. Whatever happens, guests are let go inside `runWindow`, under a budget
 * that nothing cancels; what was opened is closed here, and what was prepared is taken away by `conclude…`.
 */
export async function snapshot(parts: RunParts): Promise<RunReport> {
  const { clock, emit, run, group } = parts;
  const opened: Opened = {
    label: newLabel(parts.random),
    channels: [],
    begun: [],
    pointed: new Map(),
    armed: new Map(),
    touched: new Set(),
    unanswered: new Set(),
  };
  const before = deadline(clock, parts.timeoutMs, 'preparing the run', parts.interrupt);
  let locks: TakenLocks | undefined;
  let window: Passed | undefined;
  emit({ type: 'run', run, group: group.name, label: opened.label });
  try {
    const plan = await makePlan(parts, before);
    locks = await lockAll(parts, plan, before);
    const taken = await takenMeanwhile(parts, plan);
    if (taken !== undefined) return await finish(parts, reusing(taken));
    await tellLeftovers(parts, before);
    const journal = await writeIntent(parts, plan, opened);
    const ready = await prepare(parts, plan, journal, opened, before);

    const record = withGuestSnapshots(await throughWindow(parts, plan, ready), opened);
    window = { plan, record };

    return await conclude(parts, { plan, record, opened, journal, sinceMs: ready.sinceMs });
  } catch (thrown) {
    // Whatever failed after an interrupt (a guest that "cannot be reached") failed because of it.
    const isBug = asFault(thrown).exit === EXIT.bug;
    const why: unknown = parts.interrupt.aborted && !isBug ? parts.interrupt.reason : thrown;
    return await concludeFailed(parts, opened, why, window);
  } finally {
    before.done();
    await Promise.allSettled(opened.channels.map((channel) => channel.close()));
    await unlockAll(parts, locks);
  }
}

interface Ready {
  readonly guests: readonly WindowGuest[];
  readonly arrays: readonly WindowArray[];
  /** The disks lay as planned at this moment of the run's clock. */
  readonly sinceMs: number;
}

/** Everything that can be done before a guest is held; after this only words and fires are left to send. */
async function prepare(
  parts: RunParts,
  plan: Plan,
  journal: Journal,
  opened: Opened,
  before: Deadline,
): Promise<Ready> {
  await armAll(parts, plan, journal, opened, before);
  const open = await openAll(parts, plan, opened, before);
  await beginAll(parts, plan, journal, opened, before);
  const flushed = await flushAll(parts, open, before);
  const sinceMs = parts.clock.now();
  const { guests, arrays } = await recheckAll(parts, plan, flushed, opened, before);
  await journal.note({ type: 'opening', at: parts.clock.date().toISOString() });
  return { guests, arrays, sinceMs };
}

/**
 * What happens in the window is told when it is over: a terminal that stands must keep no guest held. Who may still be
 * held then is told before anything else is asked of anybody.
 */
async function throughWindow(parts: RunParts, plan: Plan, { guests, arrays }: Ready): Promise<WindowRecord> {
  const { clock, emit } = parts;
  const happened: { readonly event: RunEvent; readonly at: Date }[] = [];
  emit({ type: 'step', step: 'window' });
  const record = await runWindow({
    clock,
    timing: plan.timing,
    guests,
    arrays,
    interrupt: parts.interrupt,
    emit: (event) => happened.push({ event, at: clock.date() }),
  });
  for (const { event, at } of happened) emit(event, at);
  const doubt = stillHeld(parts, { plan, record });
  if (doubt !== undefined) emit({ type: 'may-be-held', ...doubt });
  return record;
}
