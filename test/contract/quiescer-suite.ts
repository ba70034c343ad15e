import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import type { Guest, GuestChannel, HoldOrder, Quiescer } from '../../src/ports.ts';
import { patient } from '../patience.ts';

/** One implementation of the contract, with a guest to try it on. */
export interface Subject {
  readonly quiescer: Quiescer;
  readonly guest: Guest;
  /** Whether the guest stands still, by a look that owes nothing to the implementation. */
  isHeld(): Promise<boolean>;
  /** Cuts the line to the guest, where there is one. */
  loseLine?(): void;
  /** Takes the guest away; fails if anything of a holder is left in it. */
  close(): Promise<void>;
}

const COVERS = [{ vm: 'guest', disk: 'scsi0:1' }];
const ORDER = { owner: 'the suite', covers: COVERS, watches: [] as readonly string[], maxLeaseMs: patient(5000) };
const LEASE_MS = patient(4000);
const SHORT_MS = patient(1500);
/** I1, and the time of a command for those that run one. */
const LATE_MS = patient(1500);

const within = (ms: number): Deadline => deadline(systemClock, patient(ms), 'the suite');

/** What every Quiescer must do. Call it in a `describe`. */
export function quiescerSuite(make: () => Promise<Subject>, is: { line: boolean }): void {
  let subject: Subject;
  let channels: GuestChannel[] = [];

  beforeEach(async () => {
    subject = await make();
    channels = [];
  });
  afterEach(async () => {
    for (const channel of channels) await channel.close();
    await subject.close();
  });

  async function open(order: Omit<HoldOrder, 'gives'> = ORDER): Promise<GuestChannel> {
    const { gives } = subject.quiescer;
    const channel = await subject.quiescer.open(subject.guest, { ...order, gives }, within(10_000));
    channels.push(channel);
    return channel;
  }
  async function expectHeld(held: boolean): Promise<void> {
    expect(await subject.isHeld()).toBe(held);
  }
  async function expectLetGo(limitMs: number): Promise<void> {
    await expect.poll(() => subject.isHeld(), { timeout: limitMs, interval: 50 }).toBe(false);
  }

  test('a probe holds nothing', async () => {
    const report = await subject.quiescer.probe(subject.guest, within(10_000));
    expect(report.method).toBe(subject.quiescer.method);
    await expectHeld(false);
  });

  test('opening, flushing and looking again hold nothing', async () => {
    const channel = await open();
    await channel.flush(within(5000));
    await channel.recheck(within(5000));
    await expectHeld(false);
    expect((await channel.release('taken', within(5000))).kind).toBe('expired');
  });

  test('a hold holds, covers no more than was ordered, and a release says that it was kept', async () => {
    const channel = await open();
    await channel.recheck(within(5000));
    const held = await channel.hold(LEASE_MS, within(5000));
    expect(held.gives).toBe(subject.quiescer.gives);
    for (const disk of held.covers) expect(COVERS).toContainEqual(disk);
    await expectHeld(true);
    expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
    await expectHeld(false);
    expect(channel.lost?.aborted ?? false).toBe(false);
  });

  test('a release can be asked for twice, and answers the same', async () => {
    const channel = await open();
    await channel.hold(LEASE_MS, within(5000));
    expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
    expect(await channel.release('taken', within(5000))).toEqual({ kind: 'kept' });
  });

  test('closing lets go', async () => {
    const channel = await open();
    await channel.hold(LEASE_MS, within(5000));
    await channel.close();
    await expectLetGo(LATE_MS);
  });

  test('the end of the lease lets go, and the release says that it was not kept', async () => {
    const channel = await open();
    await channel.hold(SHORT_MS, within(5000));
    await expectHeld(true);
    await expectLetGo(SHORT_MS + LATE_MS);
    expect((await channel.release('taken', within(5000))).kind).toBe('expired');
  });

  test('a hold without time left fails, and can be released', async () => {
    const channel = await open();
    await expect(channel.hold(LEASE_MS, within(0))).rejects.toMatchObject({ name: 'Fault' });
    expect((await channel.release('taken', within(5000))).kind).not.toBe('kept');
    await expectLetGo(LATE_MS);
  });

  test('a lease longer than was agreed is refused', async () => {
    const channel = await open();
    await expect(channel.hold(ORDER.maxLeaseMs + 1, within(5000))).rejects.toMatchObject({ code: 'quiesce.lease' });
    await expectHeld(false);
  });

  if (!is.line) return;

  test('a lost line is told, lets go, and is never a kept hold', async () => {
    const channel = await open();
    await channel.hold(LEASE_MS, within(5000));
    const told = new Promise((resolve) => channel.lost?.addEventListener('abort', resolve));
    subject.loseLine?.();
    await told;
    await expectLetGo(LATE_MS);
    expect((await channel.release('taken', within(1000))).kind).not.toBe('kept');
  });
}
