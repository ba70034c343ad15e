import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import type { CutLabel } from '../../src/model.ts';
import type { Guest, Snapshotter, VmIdentity } from '../../src/ports.ts';
import { patient } from '../patience.ts';

/** One implementation of the contract, with a VM to try it on. */
export interface SnapshotterSubject {
  readonly clock: Clock;
  /** A fresh one, as another process would make it. */
  snapshotter(): Snapshotter;
  readonly guest: Guest;
  readonly identity: VmIdentity;
  /** Names of all snapshots of the VM, by a look that owes nothing to the implementation. */
  names(): Promise<readonly string[]>;
  /** Somebody else takes one of this name. */
  takeByHand(name: string): Promise<void>;
  close(): Promise<void>;
}

const LABEL = 'spaaaaaaaaaaaaa' as CutLabel;
const OTHER = 'spbbbbbbbbbbbbb' as CutLabel;

/** What every Snapshotter must do. Call it in a `describe`. */
export function snapshotterSuite(make: () => Promise<SnapshotterSubject>): void {
  let subject: SnapshotterSubject;
  let limits: Deadline[] = [];

  beforeEach(async () => {
    subject = await make();
  });
  afterEach(async () => {
    for (const limit of limits) limit.done();
    limits = [];
    await subject.close();
  });

  function soon(): Deadline {
    const limit = deadline(systemClock, patient(30_000), 'the suite');
    limits.push(limit);
    return limit;
  }
  function begin(label: CutLabel, snapshotter = subject.snapshotter()) {
    const { instanceUuid, vm } = subject.identity;
    const order = { label, run: 'mail-20261122T020003Z-7f3a', instanceUuid, covers: [{ vm, disk: 'scsi0:0' }] };
    return snapshotter.begin(subject.guest, order, soon());
  }

  test('a probe makes nothing, and says which disks it would contain', async () => {
    const before = await subject.names();
    const report = await subject.snapshotter().probe(subject.guest, soon());
    expect(report.contains?.length).toBeGreaterThan(0);
    expect(report.method).toBe(subject.snapshotter().method);
    expect(await subject.names()).toEqual(before);
  });

  test('what was begun stands, carries the label, and is found by another process', async () => {
    const { snapshot } = await begin(LABEL);
    expect(snapshot).toMatchObject({ ...subject.identity, label: LABEL });
    expect(await subject.names()).toContain(snapshot.name);
    expect(await subject.snapshotter().find(subject.identity, LABEL, soon())).toEqual([snapshot]);
    expect(await subject.snapshotter().find(subject.identity, OTHER, soon())).toEqual([]);
  });

  test('it is removed once, and removing what is gone succeeds', async () => {
    const { snapshot } = await begin(LABEL);
    await subject.snapshotter().remove(snapshot, soon());
    expect(await subject.names()).not.toContain(snapshot.name);
    await subject.snapshotter().remove(snapshot, soon());
  });

  test('of two runs each removes its own', async () => {
    const [first, second] = [await begin(LABEL), await begin(OTHER)];
    await subject.snapshotter().remove(first.snapshot, soon());
    expect(await subject.names()).toEqual([second.snapshot.name]);
    await subject.snapshotter().remove(second.snapshot, soon());
  });

  test('a snapshot that somebody else took is never found, and stays', async () => {
    await subject.takeByHand('before the upgrade');
    const { snapshot } = await begin(LABEL);
    expect(await subject.snapshotter().find(subject.identity, LABEL, soon())).toEqual([snapshot]);
    await subject.snapshotter().remove(snapshot, soon());
    expect(await subject.names()).toEqual(['before the upgrade']);
  });

  test('one of the same id that is another is not removed', async () => {
    const { snapshot } = await begin(LABEL);
    const other = { ...snapshot, createdAt: '2001-01-01T00:00:00Z' };
    await expect(subject.snapshotter().remove(other, soon())).rejects.toMatchObject({ name: 'Fault' });
    expect(await subject.names()).toContain(snapshot.name);
  });
}
