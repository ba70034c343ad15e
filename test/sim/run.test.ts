import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import type { Locks } from '../../src/base/lock.ts';
import { listRuns, listSets } from '../../src/catalog/store.ts';
import type { ArrayDriver, RunEvent } from '../../src/ports.ts';
import { memoryFileSystem } from '../fixtures/memory-file-system.ts';
import { firstTakerWaits, shop } from './shop.ts';

const full = new Fault({ code: 'files.enospc', message: '/state: no space left on device' });

describe('a whole run', () => {
  test('keeps a good set, says what it proves, and leaves nothing held or prepared', async () => {
    const world = await shop();
    const report = await world.run();
    expect(report.fault).toBeUndefined();
    expect(report).toMatchObject({ state: 'good', exit: 0, mayBeHeld: [] });
    expect(report.line).toMatch(
      /^mail-\d{8}T\d{6}Z-[0-9a-f]{4} {2}filesystem \(boot disks: crash\) {2}window \d+ ms {2}2 arrays {2}3 volumes$/,
    );
    expect(world.held()).toEqual([]);
    expect(world.onArrays().filter((name) => name.startsWith('group'))).toEqual([]);
    expect(world.onArrays()).toHaveLength(3);
    const [set] = await listSets(world.state);
    expect(set?.state).toBe('good');
  });

  test('keeps the newest sets of the group and removes what is older, whole', async () => {
    const world = await shop();
    for (let taken = 0; taken < 4; taken += 1) expect((await world.run()).exit).toBe(0);
    expect((await listSets(world.state)).map(({ state }) => state)).toEqual(['good', 'good', 'removed', 'removed']);
    expect(world.onArrays()).toHaveLength(6);
  });

  test('refuses in the plan what cannot reach the required level, and touches nothing', async () => {
    const world = await shop({ require: 'application' });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'failed', exit: 4, fault: { code: 'plan.weaker-than-required' } });
    expect(world.fast.cuts).toHaveLength(0);
    expect(world.events.some((event) => event.type === 'guest')).toBe(false);
  });

  test('a guest that cannot be held fails it before anything is cut', async () => {
    const world = await shop({ db01: { fails: { step: 'hold', code: 'holder.busy' } } });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'failed', exit: 5, fault: { code: 'holder.busy' } });
    expect(report.fault?.message).toContain('db01');
    expect(world.onArrays()).toEqual([]);
    expect(world.held()).toEqual([]);
  });

  test('an optional guest that cannot be held is cut without it, and said', async () => {
    const world = await shop({ db01: { fails: { step: 'hold', code: 'holder.busy' } }, db01Optional: true });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'good', exit: 0 });
    expect(report.because).toEqual([expect.stringContaining('guest db01 was not held')]);
    expect(report.manifest?.verdict.vms.find(({ vm }) => vm === 'db01')?.aside).toBe(true);
  });

  test('a snapshot that its array already calls of no use counts as none: all of the run is removed', async () => {
    const world = await shop();
    world.bulk.onCut(() => {
      for (const snapshot of world.bulk.snapshots()) world.bulk.place({ ...snapshot, invalid: 'ran out of reserve' });
    });
    expect(await world.run()).toMatchObject({ state: 'failed', exit: 5 });
    expect(world.onArrays()).toEqual([]);
  });

  test.each(['open', 'flush', 'recheck'] as const)(
    'an optional guest that fails at %s is cut unheld, and said; a required one ends the run',
    async (step) => {
      const db01 = { fails: { step, code: 'holder.busy' } };
      const world = await shop({ db01, db01Optional: true });
      expect(await world.run()).toMatchObject({ state: 'good', exit: 0 });
      const said = world.events.flatMap((event) => (event.type === 'finding' ? [event.finding] : []));
      expect(said).toMatchObject([{ subject: 'db01', message: expect.stringContaining('taken without quiescing') }]);
      expect(await (await shop({ db01 })).run()).toMatchObject({ state: 'failed', exit: 4 });
    },
  );

  test('what an array does not let go of is named, and named again by the next run', async () => {
    const world = await shop();
    world.bulk.failFire('bulk-v0', { kind: 'refused' });
    world.fast.failNext('remove', { kind: 'refused' });
    const report = await world.run();
    const [left] = world.onArrays();
    expect(report).toMatchObject({ exit: 5, remains: [{ array: 'fast', names: [left] }] });
    expect((await world.run()).exit).toBe(0);
    const seen = world.events.flatMap((event) => (event.type === 'finding' ? [event.finding] : []));
    expect(seen.find(({ code }) => code === 'look.leftover')?.message).toContain(report.run);
  });

  test('an optional guest whose hold gives less is asked for no more than that', async () => {
    const world = await shop({ mail01: { gives: 'application' }, db01Optional: true });
    expect(await world.run()).toMatchObject({ state: 'good', exit: 0, manifest: { verdict: { level: 'filesystem' } } });
  });

  test('one array refuses: what the other took is removed', async () => {
    const world = await shop();
    world.bulk.failFire('bulk-v0', { kind: 'refused' });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'failed', exit: 5 });
    expect(report.fault?.message).toMatch(/^array bulk: (?!array bulk).*snapshot reserve is full/);
    expect(report.fault?.hint).toContain('Look there for what refused it');
    expect(world.fast.cuts).toHaveLength(1);
    expect(world.onArrays()).toEqual([]);
  });

  test('what carries its label and is of another volume is not taken back, and is named', async () => {
    const world = await shop();
    world.bulk.failFire('bulk-v0', { kind: 'refused' });
    const report = await world.run({
      interruptAt(event) {
        const [ours] = world.fast.snapshots();
        if (event.type === 'step' && event.step === 'collect' && ours !== undefined) {
          world.fast.place({ ...ours, id: 'x', name: `${ours.label}-copy`, source: { id: 'clone', name: 'clone' } });
        }
        return false;
      },
    });
    expect(report).toMatchObject({ state: 'failed', exit: 5, remains: [{ array: 'fast' }] });
    expect(world.onArrays()).toEqual([expect.stringMatching(/-copy$/)]);
  });

  test('an answer that is lost is settled by looking, and the set is weak', async () => {
    const world = await shop();
    world.bulk.failFire('bulk-v0', { kind: 'lost-after' });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'weak', exit: 3, fault: { code: 'run.weak' } });
    expect(report.manifest?.verdict.level).toBe('unproven');
    expect(world.onArrays()).toHaveLength(3);
  });

  test('a request that an array carries out twice leaves it open which copy is the image: the set is weak', async () => {
    const world = await shop();
    world.bulk.failFire('bulk-v0', { kind: 'twice', againMs: 1 });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'weak', exit: 3, manifest: { verdict: { level: 'unproven' } } });
    expect(report.because[0]).toContain('array bulk has more than one snapshot of vmfs_boot');
    expect(world.onArrays()).toHaveLength(4);
  });

  test('a weak set is removed where the topology or the caller says so', async () => {
    const world = await shop();
    world.bulk.failFire('bulk-v0', { kind: 'lost-after' });
    const report = await world.run({ weak: 'remove' });
    expect(report).toMatchObject({ state: 'weak', exit: 3 });
    expect(world.onArrays()).toEqual([]);
    expect(await listSets(world.state)).toEqual([]);
  });

  test('a cut that comes 30 s late is a leftover, which the next run names and leaves alone', async () => {
    const world = await shop();
    world.bulk.failFire('bulk-v0', { kind: 'lost-after', cutMs: 30_000 });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'failed', exit: 5, remains: [{ array: 'bulk' }] });
    expect(report.fault?.message).toMatch(/^array bulk: the snapshot of \S+ was asked for, and no answer came in time/);
    expect(report.fault?.hint).toContain('stillpoint mend mail');
    expect(world.onArrays()).toHaveLength(1);
    const next = await world.run();
    expect(next.exit).toBe(0);
    const seen = world.events.flatMap((event) => (event.type === 'finding' ? [event.finding] : []));
    expect(seen.find(({ code }) => code === 'look.leftover')?.message).toContain(report.run);
    expect(world.onArrays()).toHaveLength(4);
  });

  test('a guest that lets go early costs the proof, not the set', async () => {
    const world = await shop({ mail01: { letsGoAfterMs: 30 } });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'weak', exit: 3 });
    expect(report.because.join()).toContain('guest mail01: its hold is not proved to have lasted until its release');
  });

  test('what could not be taken away beside the snapshots is said, and costs the set nothing', async () => {
    const world = await shop();
    world.bulk.failNext('disarm', { kind: 'refused' });
    expect(await world.run()).toMatchObject({ state: 'good', exit: 0 });
    const said = world.events.flatMap((event) => (event.type === 'finding' ? [event.finding.message] : []));
    expect(said.join()).toContain('what was prepared there could not be taken away');
  });

  test('a release that is not confirmed ends with 6, names the guest, its lease and what to type', async () => {
    const world = await shop({ mail01: { lineLostAfterMs: 60, lineEnds: 'silent' } });
    const report = await world.run();
    expect(report).toMatchObject({ exit: 6, mayBeHeld: ['mail01'], fault: { code: 'guest.may-be-held' } });
    expect(report.fault?.message).toContain('releases itself within');
    expect(report.fault?.hint).toContain('on mail01: fsfreeze --unfreeze /srv');
    expect(world.held()).toEqual([]);
  });

  test('while a guest may be held no old set goes, also where the set is good without that guest', async () => {
    const world = await shop({ db01: { lineLostAfterMs: 60, lineEnds: 'silent' }, db01Optional: true });
    for (let taken = 0; taken < 3; taken += 1) {
      expect(await world.run()).toMatchObject({ state: 'good', exit: 6, mayBeHeld: ['db01'] });
    }
    expect((await listSets(world.state)).map(({ state }) => state)).toEqual(['good', 'good', 'good']);
  });

  test('an array whose answer to the preparing was lost is cleaned like any other, and looked at again', async () => {
    const world = await shop();
    world.fast.failNext('arm', { kind: 'lost', executed: true });
    expect(await world.run()).toMatchObject({ state: 'failed', exit: 5, remains: [{ array: 'fast' }] });
    expect(world.onArrays()).toEqual([]);
  });

  test('what an array prepares after the run was interrupted is said, and taken away by mend', async () => {
    const world = await shop();
    world.fast.failNext('arm', { kind: 'slow', ms: 2 * 240_000 });
    const report = await world.clock.drive(world.start({ interruptAfterMs: 200_000 }));
    expect(report).toMatchObject({ state: 'failed', exit: 130, fault: { code: 'interrupted' } });
    expect(report.because.join()).toContain('what was being prepared there may still appear until');
    expect(await world.mend()).toMatchObject({ exit: 3, mended: [{ kind: 'take-back' }] });
    await world.clock.pass(120_000);
    expect(world.onArrays()).toHaveLength(1);
    expect(await world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'take-back' }] });
    expect(world.onArrays()).toEqual([]);
    expect(await world.mend()).toMatchObject({ exit: 0, mended: [] });
  });

  test('a refusal to prepare leaves nothing open', async () => {
    const world = await shop();
    world.fast.failNext('arm', { kind: 'refused' });
    expect(await world.run()).toMatchObject({ state: 'failed', exit: 4, remains: [] });
    expect(await world.mend()).toMatchObject({ exit: 0, mended: [] });
  });

  test('with a key that another run has taken while this one waited, it takes nothing and answers that set', async () => {
    const { locks, letGo } = firstTakerWaits();
    const world = await shop({ locks });
    const retried = world.start({ key: 'job-1' });
    await world.clock.pass(5000);
    const first = await world.run({ key: 'job-1' });
    letGo();
    const report = await world.clock.drive(retried);
    expect(report).toMatchObject({ state: 'good', exit: 0, manifest: { id: first.run } });
    expect(report.run).not.toBe(first.run);
    expect(world.onArrays()).toHaveLength(3);
    expect(await world.mend()).toMatchObject({ exit: 0, mended: [], left: [] });
  });

  test('locks the group, every guest by its own identity, and every cut unit', async () => {
    const asked: string[] = [];
    const take: Locks['take'] = async (names) => {
      asked.push(...names.map(({ key }) => key));
      return { release: async () => {} };
    };
    const world = await shop({ locks: { take, held: async () => [], break: async () => false } });
    expect((await world.run()).exit).toBe(0);
    expect(asked).toEqual(['group:mail', 'vm:50-mail01', 'vm:50-db01', 'unit:fast:fast-pg', 'unit:bulk:bulk-v0']);
  });

  test('disks that moved between plan and window stop it; disks that moved during the window cost the set', async () => {
    const world = await shop();
    const [mail01, db01] = world.placement.vms;
    if (mail01 === undefined || db01 === undefined) throw new Error('no VMs');
    const moved = { ...mail01, disks: mail01.disks.map((disk) => ({ ...disk, files: ['[ELSEWHERE] a.vmdk'] })) };
    world.disturbed = [
      { code: 'vsphere.moved', severity: 'error', subject: 'mail01', message: 'a relocate task began' },
    ];
    expect(await world.run()).toMatchObject({ state: 'failed', exit: 5 });
    expect(world.onArrays()).toEqual([]);
    world.disturbed = [];
    expect((await world.run({ interruptAt: () => false })).exit).toBe(0);
    const run = world.run({
      interruptAt: (event) => {
        if (event.type === 'step' && event.step === 'arm') world.placement = { ...world.placement, vms: [moved, db01] };
        return false;
      },
    });
    expect(await run).toMatchObject({ state: 'failed', exit: 4 });
  });

  test('a vCenter that is gone after the window costs the proof, not the set', async () => {
    const world = await shop();
    const report = await world.run({
      interruptAt: (event) => {
        if (event.type === 'step' && event.step === 'collect') world.vsphereGone = true;
        return false;
      },
    });
    expect(report).toMatchObject({ state: 'weak', exit: 3 });
    expect(report.because[0]).toContain('could not be read again');
  });

  test.each(['resolve', 'plan', 'lock', 'arm', 'open', 'flush', 'recheck', 'window', 'collect'] as const)(
    'interrupted at %s it ends with 130, and nothing is held, prepared or kept',
    async (step) => {
      const world = await shop();
      const report = await world.run({ interruptAt: (event) => event.type === 'step' && event.step === step });
      expect(report).toMatchObject({ state: 'failed', exit: 130, fault: { code: 'interrupted' } });
      expect(world.held()).toEqual([]);
      expect(world.onArrays()).toEqual([]);
      expect(await listSets(world.state)).toEqual([]);
      expect((await listRuns(world.state))[0]?.state).toBe('failed');
    },
  );

  test.each([1, 5, 15, 40, 70, 100, 120])(
    'interrupted %i ms after its start nothing is held, prepared or kept',
    async (interruptAfterMs) => {
      const world = await shop();
      const report = await world.run({ interruptAfterMs });
      expect([0, 130]).toContain(report.exit);
      expect(world.held()).toEqual([]);
      expect(world.onArrays()).toHaveLength(report.exit === 0 ? 3 : 0);
    },
  );

  test('interrupted while guests are looked at it ends with 130, and calls none of them unreachable', async () => {
    const world = await shop();
    const report = await world.run({ probesHang: true, interruptAfterMs: 50 });
    expect(report).toMatchObject({ exit: 130, fault: { code: 'interrupted' } });
  });

  test('files that cannot be written after the window cost no snapshot: the message names the run', async () => {
    const whole = memoryFileSystem();
    const world = await shop({
      files: {
        ...whole,
        writeWhole: (path, text) =>
          path.endsWith('manifest.json') ? Promise.reject(full) : whole.writeWhole(path, text),
      },
    });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'failed', exit: 5, fault: { code: 'run.unsealed' } });
    expect(report.fault?.hint).toContain(report.run);
    expect(world.onArrays()).toHaveLength(3);
  });

  test('the record of the window is on disk before anybody looks at the arrays', async () => {
    const done: string[] = [];
    const world = await shop();
    await world.run({
      aroundFiles: (files) => ({
        ...files,
        async writeWhole(path, text) {
          await files.writeWhole(path, text);
          if (path.endsWith('window.json')) done.push('recorded');
        },
      }),
      around: (driver) => ({
        ...driver,
        async arm(...how) {
          const armed = await driver.arm(...how);
          return {
            ...armed,
            collect(limit) {
              done.push(`looked at ${driver.id}`);
              return armed.collect(limit);
            },
          };
        },
      }),
    });
    expect(done).toEqual(['recorded', 'looked at fast', 'looked at bulk']);
  });

  test('a full disk before the window stops the run before any guest is held', async () => {
    const whole = memoryFileSystem();
    const world = await shop({
      files: { ...whole, append: () => Promise.reject(full) },
    });
    const report = await world.run();
    expect(report).toMatchObject({ exit: 4, fault: { message: expect.stringContaining('no space left') } });
    expect(world.events.some((event) => event.type === 'guest' && event.is === 'holding')).toBe(false);
    expect(world.onArrays()).toEqual([]);
  });

  test('a lock that cannot be given back costs the run nothing, and is said', async () => {
    const release = () => Promise.reject(new Fault({ code: 'files.erofs', message: '/state: read-only file system' }));
    const world = await shop({
      locks: { take: async () => ({ release }), held: async () => [], break: async () => false },
    });
    expect(await world.run()).toMatchObject({ state: 'good', exit: 0 });
    const said = world.events.flatMap((event) => (event.type === 'finding' ? [event.finding.message] : []));
    expect(said.join()).toContain('read-only file system');
  });

  test.each(['window', 'collect'] as const)(
    'an error that nobody caught, at %s, lets the guests go, removes what was cut and ends with 1',
    async (step) => {
      const world = await shop();
      const report = await world.run({
        reason: new Fault({ code: 'bug', message: 'undefined is not a function', exit: 1 }),
        interruptAt: (event) => event.type === 'step' && event.step === step,
      });
      expect(report).toMatchObject({ state: 'failed', exit: 1, mayBeHeld: [], fault: { code: 'bug' } });
      expect(world.held()).toEqual([]);
      expect(world.onArrays()).toEqual([]);
      expect(await listSets(world.state)).toEqual([]);
    },
  );

  test('what was prepared is taken away also where the journal can no longer be written', async () => {
    const whole = memoryFileSystem();
    let left = Number.POSITIVE_INFINITY;
    const world = await shop({
      files: {
        ...whole,
        // The line that fills the disk is cut off in its middle.
        append: async (path, text) => {
          if (text.includes('"opening"')) left = 10;
          const fits = text.slice(0, left);
          left -= fits.length;
          if (fits !== '') await whole.append(path, fits);
          if (fits.length < text.length) throw full;
        },
      },
    });
    const report = await world.run();
    expect(report).toMatchObject({ state: 'failed', exit: 4, fault: { message: expect.stringContaining('no space') } });
    expect(world.onArrays()).toEqual([]);
  });

  test('a window that the arrays, as measured right before it, no longer fit into holds nobody', async () => {
    const world = await shop();
    const slow = async () => ({ forecastMs: 9000 });
    const report = await world.run({
      around: (driver) => ({ ...driver, arm: async (...how) => ({ ...(await driver.arm(...how)), recheck: slow }) }),
    });
    expect(report).toMatchObject({ exit: 4, fault: { code: 'plan.window-too-short' } });
    expect(world.events.some((event) => event.type === 'guest' && event.is === 'holding')).toBe(false);
    expect(world.onArrays()).toEqual([]);
  });

  test('what nobody foresaw in an array’s driver is a bug, and its own stack is kept', async () => {
    const world = await shop();
    const broken = new TypeError('undefined is not a function');
    const around = (driver: ArrayDriver): ArrayDriver =>
      driver.id === 'fast' ? { ...driver, arm: () => Promise.reject(broken) } : driver;
    const report = await world.run({ around });
    expect(report).toMatchObject({ state: 'failed', exit: 1 });
    expect(report.fault?.message).toContain('undefined is not a function');
    expect(causes(report.failure)).toContain(broken);
    const interrupted = (event: RunEvent): boolean => event.type === 'array' && event.is === 'armed';
    expect((await world.run({ around, interruptAt: interrupted })).exit).toBe(1);
    expect(world.onArrays()).toEqual([]);
  });

  test('an array that cannot be asked after the window is not said to have no snapshot', async () => {
    const world = await shop();
    const gone = () => Promise.reject(new Fault({ code: 'ssh.line-lost', message: 'bulk: the line was lost' }));
    const report = await world.run({
      around: (driver) =>
        driver.id === 'bulk'
          ? { ...driver, arm: async (...how) => ({ ...(await driver.arm(...how)), collect: gone }) }
          : driver,
    });
    expect(report).toMatchObject({ state: 'failed', exit: 5, fault: { code: 'run.incomplete' } });
    expect(report.fault?.message).toBe('it is not known whether array bulk has a snapshot of vmfs_boot');
  });
});

function causes(thrown: unknown): readonly unknown[] {
  return thrown instanceof Error ? [thrown, ...causes(thrown.cause)] : [];
}
