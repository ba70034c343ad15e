import { describe, expect, test } from 'vitest';
import { Fault } from '../../src/base/fault.ts';
import { asOf, leftovers } from '../../src/catalog/leftovers.ts';
import { beginRemoval } from '../../src/catalog/removal.ts';
import { listRuns, listSets } from '../../src/catalog/store.ts';
import type { RunReport } from '../../src/flows/snapshot/run-parts.ts';
import type { ArrayDriver } from '../../src/ports.ts';
import { showRunLines } from '../../src/ui/run.ts';
import { type MemoryFileSystem, memoryFileSystem } from '../fixtures/memory-file-system.ts';
import { patient } from '../patience.ts';
import { DIED, type Mortal, mortal } from './mortal.ts';
import { type Shop, shop } from './shop.ts';

const LATE_MS = 120_000;

interface Scene {
  readonly world: Shop;
  readonly files: MemoryFileSystem;
}

/** A group with a good set, so that there is something that nothing may touch. */
async function scene(): Promise<Scene> {
  const files = memoryFileSystem();
  const world = await shop({ files });
  expect((await world.run()).exit).toBe(0);
  return { world, files };
}

function asMortal(life: Mortal) {
  return { around: life.array, aroundGuest: life.guest, aroundFiles: life.files };
}

/** A run that dies before its step `at`; 'ended' if it had none such. */
async function runThatDies({ world }: Scene, at: number): Promise<'died' | RunReport> {
  const life = mortal(at);
  try {
    return await world.clock.drive(Promise.race([world.start(asMortal(life)), life.died]));
  } catch (thrown) {
    if (thrown !== DIED) throw thrown;
    return 'died';
  }
}

async function stepsOf(work: (life: Mortal) => Promise<unknown>): Promise<number> {
  const life = mortal();
  await work(life);
  return life.steps();
}

/** Everything on the arrays is in exactly one set that stands, whole. */
async function expectAllAccounted({ world }: Scene): Promise<void> {
  const sets = (await listSets(world.state)).filter(({ state }) => state === 'good' || state === 'weak');
  const kept = sets.flatMap((set) => ('manifest' in set ? set.manifest.snapshots.map(({ name }) => name) : []));
  expect([...world.onArrays()].sort()).toEqual([...kept].sort());
  expect(kept).toHaveLength(new Set(kept).size);
  for (const set of sets) expect('manifest' in set ? set.manifest.snapshots.length : 0).toBe(3);
  expect(world.held()).toEqual([]);
}

async function expectNothingToMend({ world, files }: Scene): Promise<void> {
  const before = files.contents();
  expect(await world.mend()).toMatchObject({ exit: 0, mended: [], guests: [], left: [] });
  expect(files.contents()).toEqual(before);
}

describe('mend, after a run that was killed', () => {
  test(
    'at any of its steps: all on the arrays is in a whole set or gone, and the next run works',
    async () => {
      const steps = await stepsOf(async (life) => (await scene()).world.run(asMortal(life)));
      expect(steps).toBeGreaterThan(60);
      const ends = new Map<string, number>();
      for (let at = 0; at < steps; at += 1) {
        const one = await scene();
        expect(await runThatDies(one, at)).toBe('died');
        await one.world.clock.pass(1000);
        const first = await one.world.mend();
        expect([0, 3], `killed at ${at}: ${first.left.join()}`).toContain(first.exit);
        await one.world.clock.pass(LATE_MS);
        expect(await one.world.mend(), `killed at ${at}`).toMatchObject({ exit: 0, left: [] });
        await expectAllAccounted(one);
        await expectNothingToMend(one);
        const sets = (await listSets(one.world.state)).map(({ state }) => state).join();
        ends.set(sets, (ends.get(sets) ?? 0) + 1);
        if (at % 7 === 0) expect((await one.world.run()).exit, `the run after ${at}`).toBe(0);
      }
      // Gone, kept as weak, and sealed by the run itself: each of the three was met.
      expect([...ends.keys()].sort()).toEqual(['good', 'good,good', 'weak,good']);
    },
    patient(60_000),
  );

  test(
    'and may itself be killed at any of its steps',
    async () => {
      const steps = await stepsOf(async (life) => (await scene()).world.run(asMortal(life)));
      for (let at = 3; at < steps; at += 5) {
        const mending = await stepsOf(async (life) => {
          const one = await scene();
          await runThatDies(one, at);
          await one.world.mend('mend', { around: life.array, aroundFiles: life.files });
        });
        for (let step = 0; step < mending; step += 1) {
          const one = await scene();
          await runThatDies(one, at);
          const life = mortal(step);
          const dying = one.world.mend('mend', { around: life.array, aroundFiles: life.files, dies: life.died });
          await expect(dying, `run ${at}, mend ${step}`).rejects.toBe(DIED);
          const first = await one.world.mend();
          expect([0, 3], `run ${at}, mend ${step}: ${first.left.join()}`).toContain(first.exit);
          await one.world.clock.pass(LATE_MS);
          expect(await one.world.mend(), `run ${at}, mend ${step}`).toMatchObject({ exit: 0, left: [] });
          await expectAllAccounted(one);
          await expectNothingToMend(one);
        }
      }
    },
    patient(120_000),
  );

  test('a look changes nothing, and says what mend then does', async () => {
    const one = await killedAfterTheFire();
    const before = [one.files.contents(), one.world.onArrays()];
    const looked = await one.world.mend('look');
    expect([one.files.contents(), one.world.onArrays()]).toEqual(before);
    expect((await one.world.mend()).mended).toEqual(looked.mended);
    expect(looked.mended).toMatchObject([
      { kind: 'keep', text: 'all 3 snapshots are there, with no record of when they were taken: kept as a weak set' },
    ]);
  });

  test('a whole set is kept as weak, is never good, and says why', async () => {
    const one = await killedAfterTheFire();
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'keep' }] });
    const [set] = await listSets(one.world.state);
    if (set === undefined || set.state !== 'weak') throw new Error('no weak set');
    expect(set.manifest.verdict).toMatchObject({ level: 'unproven', oneInstant: false });
    expect(set.manifest.verdict.because[0]).toContain('before the record of its window was on disk');
    expect((await listRuns(one.world.state))[0]).toMatchObject({ state: 'weak' });
  });

  test('a run killed right before it seals has the set that it would have had, good and with the same proof', async () => {
    const lived = await scene();
    await lived.world.run();
    const died = await scene();
    expect(await runThatDies(died, await stepOfWriting('manifest.json'))).toBe('died');
    expect((await died.world.mend()).mended).toMatchObject([
      { kind: 'keep', text: expect.stringContaining('sealed as a good set') },
    ]);
    const [[mended], [sealed]] = [await listSets(died.world.state), await listSets(lived.world.state)];
    if (mended === undefined || sealed === undefined) throw new Error('no set');
    if (mended.state !== 'good' || sealed.state !== 'good') throw new Error('not good');
    const { finishedAt: _mended, ...now } = mended.manifest;
    const { finishedAt: _sealed, ...then } = sealed.manifest;
    expect(now).toEqual(then);
    await expectAllAccounted(died);
    await expectNothingToMend(died);
  });

  test('a whole set goes where the topology removes weak ones', async () => {
    const one = await killedAfterTheFire();
    expect(await one.world.mend('mend', { weak: 'remove' })).toMatchObject({
      exit: 0,
      mended: [{ kind: 'take-back' }],
    });
    expect(one.world.onArrays()).toHaveLength(3);
  });

  test('mend of another group leaves it alone', async () => {
    const one = await killedAfterTheFire();
    expect(await one.world.mend('mend', { group: 'hr' })).toMatchObject({ exit: 0, mended: [] });
    expect(one.world.onArrays().filter((name) => name.startsWith('group'))).toHaveLength(2);
  });
});

describe('mend', () => {
  test('says what may still appear, and takes it away when it has appeared', async () => {
    const one = await scene();
    one.world.bulk.failFire('bulk-v0', { kind: 'lost-after', cutMs: 40_000 });
    const report = await one.world.clock.drive(one.world.start());
    expect(report).toMatchObject({ state: 'failed', remains: [{ array: 'bulk' }] });
    const early = await one.world.mend();
    expect(early).toMatchObject({ exit: 3 });
    expect(early.left.join()).toContain('may still appear until');
    expect(await one.world.mend()).toMatchObject({ exit: 3, left: early.left });
    expect(one.world.onArrays()).toHaveLength(3);
    await one.world.clock.pass(LATE_MS);
    expect(one.world.onArrays()).toHaveLength(4);
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'take-back' }] });
    await expectAllAccounted(one);
    await expectNothingToMend(one);
  });

  test('show says once until when something may still appear, and not after that time', async () => {
    const one = await scene();
    one.world.bulk.failFire('bulk-v0', { kind: 'lost-after', cutMs: 40_000 });
    expect((await one.world.clock.drive(one.world.start())).because.join()).toContain('may still appear until');
    const before = await shownLast(one);
    await one.world.mend();
    expect(await shownLast(one)).toEqual(
      before.replace('no snapshot is there; as its answer is missing, one', 'an answer is missing, so that a snapshot'),
    );
    expect(before.match(/may still appear until/g)).toHaveLength(1);
    await one.world.clock.pass(LATE_MS);
    const after = await shownLast(one);
    expect(after).not.toContain('may still appear');
    expect(after).toMatch(
      /the time in which the array could still act on it ended at [-\d]+ [:\d]+ \S+ stillpoint mend/,
    );
  });

  test('takes away what an array prepares only after the process that asked for it was killed', async () => {
    const one = await scene();
    one.world.fast.failNext('arm', { kind: 'slow', ms: 2 * 240_000 });
    const life = mortal();
    const dying = one.world.start(asMortal(life));
    dying.catch(() => {});
    // It has waited for longer than an answer can be late.
    await one.world.clock.pass(200_000);
    life.kill('signal');
    const looked = await one.world.mend('look');
    const early = await one.world.mend();
    expect(looked).toMatchObject({ exit: 3, mended: early.mended, left: early.left });
    expect(await one.world.mend()).toMatchObject({ exit: 3, left: early.left });
    expect(early).toMatchObject({ exit: 3, mended: [{ kind: 'take-back' }] });
    expect(early.left.join()).toContain('what was being prepared there may still appear until');
    await one.world.clock.pass(LATE_MS);
    expect(one.world.onArrays().filter((name) => name.startsWith('group'))).toHaveLength(1);
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'take-back' }], left: [] });
    await expectAllAccounted(one);
    await expectNothingToMend(one);
  });

  test('takes back what comes when everybody has stopped looking', async () => {
    const one = await scene();
    one.world.bulk.failFire('bulk-v0', { kind: 'lost-after', cutMs: 600_000 });
    await one.world.run();
    await one.world.clock.pass(LATE_MS);
    expect(await one.world.mend()).toMatchObject({ exit: 0, left: [] });
    await one.world.clock.pass(600_000);
    expect(one.world.onArrays()).toHaveLength(4);
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'take-back' }] });
    await expectAllAccounted(one);
    await expectNothingToMend(one);
  });

  test('takes back a weak set that its own run was to remove and could not, also where its journal does not say so', async () => {
    const one = await scene();
    one.world.fast.failNext('disarm', { kind: 'refused' });
    one.world.bulk.failFire('bulk-v0', { kind: 'lost-after' });
    const report = await one.world.run({
      weak: 'remove',
      aroundFiles: (files) => ({
        ...files,
        append: (path, text) =>
          /"(remains|removed)"/.test(text)
            ? Promise.reject(new Fault({ code: 'files.eio', message: 'input/output error' }))
            : files.append(path, text),
      }),
    });
    expect(report).toMatchObject({ state: 'weak', kept: false, exit: 5 });
    expect(one.world.onArrays().length).toBeGreaterThan(3);
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'take-back' }] });
    await expectAllAccounted(one);
    await expectNothingToMend(one);
  });

  test('names what comes late, under a name that was written down as another, of a weak set that its own run removed', async () => {
    const one = await scene();
    one.world.bulk.failFire('bulk-v0', { kind: 'twice', againMs: 30_000 });
    const report = await one.world.run({
      weak: 'remove',
      interruptAt(event) {
        if (event.type === 'step' && event.step === 'collect') one.world.vsphereGone = true;
        return false;
      },
    });
    expect(report).toMatchObject({ state: 'weak', exit: 3, remains: [] });
    await one.world.clock.pass(LATE_MS);
    expect(one.world.onArrays()).toHaveLength(4);
    const late = await one.world.mend();
    expect(late.exit).toBe(3);
    expect(late.left.join()).toContain('-vmfs_boot (of vmfs_boot) carries our label and is not what the run took');
    expect(one.world.onArrays()).toHaveLength(4);
  });

  test('a set that is sealed while mend looks is nobody’s leftover', async () => {
    const one = await scene();
    const running = one.world.start();
    await one.world.clock.pass(150);
    const looks: string[] = [];
    const report = one.world.mend('mend', {
      around: (driver) => ({
        ...driver,
        async findAll(limit) {
          const there = await driver.findAll(limit);
          looks.push(...there.map(({ name }) => name));
          await running;
          return there;
        },
      }),
    });
    expect(await report).toMatchObject({ exit: 0, mended: [] });
    expect(looks.length).toBeGreaterThan(3);
    expect(one.world.onArrays()).toHaveLength(6);
    await expectAllAccounted(one);
  });

  test('seals it also where a guest is in doubt besides', async () => {
    let full = true;
    const world = await shop({ db01Optional: true });
    const report = await world.run({
      aroundFiles: (files) => ({
        ...files,
        writeWhole: (path, text) =>
          full && path.endsWith('manifest.json')
            ? Promise.reject(new Fault({ code: 'files.enospc', message: 'disk full' }))
            : files.writeWhole(path, text),
      }),
      aroundGuest: (quiescer) => ({
        ...quiescer,
        async open(guest, order, limit) {
          const channel = await quiescer.open(guest, order, limit);
          if (guest.vm !== 'db01') return channel;
          const release = async (...[cut, time]: Parameters<typeof channel.release>) => {
            await channel.release(cut, time);
            return { kind: 'unknown' as const, why: 'its word was lost' };
          };
          return { ...channel, release };
        },
      }),
    });
    full = false;
    expect(report).toMatchObject({ exit: 6, fault: { code: 'guest.may-be-held' } });
    expect(report.fault?.hint).toContain('Make room in the state folder');
    expect(await world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'keep' }], guests: [{ is: 'writing' }] });
    expect(await listSets(world.state)).toMatchObject([{ state: 'good' }]);
    expect(world.onArrays()).toHaveLength(3);
  });

  test('asks a guest of another topology when that is there again', async () => {
    const one = await killedAfterTheFire();
    const other = { guests: [], otherTopology: true as const };
    const gone = [{ is: 'gone' }, { is: 'gone' }];
    expect(await one.world.mend('mend', other)).toMatchObject({ exit: 3, guests: gone });
    expect(await one.world.mend('mend', other)).toMatchObject({ exit: 3, guests: gone });
    const standing = async () => ['/srv'];
    expect(await one.world.mend('mend', { unwritable: standing })).toMatchObject({ exit: 6 });
    expect(await one.world.mend()).toMatchObject({ exit: 0, guests: [{ is: 'writing' }, { is: 'writing' }] });
    await expectNothingToMend(one);
  });

  test('names a guest that was taken out of its own topology once, and asks the others until they write', async () => {
    const one = await killedAfterTheFire();
    const without = { guests: ['mail01'], unwritable: async () => ['/srv'] };
    expect(await one.world.mend('mend', without)).toMatchObject({
      exit: 6,
      guests: [{ is: 'not-writing' }, { is: 'gone' }],
    });
    expect(await one.world.mend('mend', { guests: ['mail01'] })).toMatchObject({
      exit: 0,
      guests: [{ is: 'writing' }],
    });
    await expectNothingToMend(one);
  });

  test('seals a set whose manifest could not be written', async () => {
    const files = memoryFileSystem();
    let full = true;
    const world = await shop({
      files: {
        ...files,
        async writeWhole(path, text) {
          if (full && path.endsWith('manifest.json')) throw new Fault({ code: 'files.enospc', message: 'disk full' });
          await files.writeWhole(path, text);
        },
      },
    });
    expect(await world.run()).toMatchObject({ state: 'failed', fault: { code: 'run.unsealed' } });
    full = false;
    expect(await world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'keep' }] });
    expect((await listSets(world.state)).map(({ state }) => state)).toEqual(['good']);
    expect(world.onArrays()).toHaveLength(3);
    await expectNothingToMend({ world, files });
  });

  test('names snapshots of our form that no run here has taken, with their age, and never touches them', async () => {
    const one = await scene();
    const [mine] = one.world.fast.snapshots();
    if (mine === undefined) throw new Error('no snapshot');
    const label = mine.label.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'));
    one.world.fast.place({ ...mine, label: label as typeof mine.label, name: `${label}-mail_db`, id: 'x1' });
    const report = await one.world.mend();
    expect(report).toMatchObject({
      exit: 0,
      mended: [],
      foreign: [{ array: 'fast', label, createdAt: mine.createdAt }],
    });
    expect(one.world.onArrays()).toHaveLength(4);
  });

  test('leaves what carries its label and is not what the run took', async () => {
    const one = await scene();
    one.world.bulk.failFire('bulk-v0', { kind: 'lost-before' });
    one.world.fast.failNext('remove', { kind: 'refused' });
    await one.world.run();
    const [left] = one.world.fast.snapshots().slice(2);
    if (left === undefined) throw new Error('nothing stayed');
    one.world.fast.place({ ...left, id: 'another hand' });
    await one.world.clock.pass(LATE_MS);
    const report = await one.world.mend();
    expect(report).toMatchObject({ exit: 3 });
    expect(report.left.join()).toContain(`${left.name} (of ${left.source.name}) carries our label`);
    expect(one.world.fast.snapshots().map(({ id }) => id)).toContain('another hand');
  });

  test('an array that cannot be asked leaves the run as it is, with exit 4', async () => {
    const one = await killedAfterTheFire();
    for (let call = 0; call < 2; call += 1) one.world.bulk.failNext('find', { kind: 'refused' });
    const report = await one.world.mend();
    expect(report).toMatchObject({ exit: 4, mended: [] });
    expect(report.left.join()).toContain('array bulk could not be asked');
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'keep' }] });
    await expectAllAccounted(one);
  });

  test('what was prepared and cannot be taken away leaves the run open, and nothing is sealed', async () => {
    const one = await killedAfterTheFire();
    one.world.fast.failNext('disarm', { kind: 'refused' });
    const report = await one.world.mend();
    expect(report).toMatchObject({ exit: 3, mended: [] });
    expect(report.left.join()).toContain('what was prepared there could not be taken away');
    expect(await listSets(one.world.state)).toHaveLength(1);
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'keep' }] });
    await expectAllAccounted(one);
  });

  test('finishes a removal that was begun, and leaves a pinned set', async () => {
    const one = await scene();
    const [set] = await listSets(one.world.state);
    if (set === undefined || !('manifest' in set)) throw new Error('no set');
    await beginRemoval(one.world.state, set.manifest, { because: 'by hand', now: one.world.clock.date() });
    const pin = `/state/sets/mail/${set.id}/pin.json`;
    await one.files.writeWhole(pin, JSON.stringify({ because: 'audit' }));
    const pinned = await one.world.mend();
    expect(pinned).toMatchObject({ exit: 3, mended: [] });
    expect(pinned.left.join()).toContain('it is pinned (audit)');
    expect(one.world.onArrays()).toHaveLength(3);
    await one.files.remove(pin);
    expect(await one.world.mend()).toMatchObject({ exit: 0, mended: [{ kind: 'remove' }] });
    expect(one.world.onArrays()).toEqual([]);
    await expectNothingToMend(one);
  });

  test('asks the guests of a run that said nothing of their release; one that takes no write means 6, until it does', async () => {
    const one = await killedAfterTheFire();
    const frozen = await one.world.mend('mend', { unwritable: async ({ vm }) => (vm === 'db01' ? ['/srv'] : []) });
    expect(frozen.exit).toBe(6);
    expect(frozen.guests.map(({ vm, is }) => [vm, is])).toEqual([
      ['mail01', 'writing'],
      ['db01', 'not-writing'],
    ]);
    expect(frozen.guests[1]?.text).toContain('fsfreeze --unfreeze /srv');
    const silent = await one.world.mend('mend', { unwritable: () => Promise.reject(new Error('no route to host')) });
    expect(silent).toMatchObject({ exit: 6, guests: [{ vm: 'db01', is: 'not-asked' }] });
    expect(await one.world.mend()).toMatchObject({ exit: 0, guests: [{ vm: 'db01', is: 'writing' }] });
    await expectNothingToMend(one);
  });

  test('a guest that never answers is given up after its time', async () => {
    const one = await killedAfterTheFire();
    expect(await one.world.mend('mend', { unwritable: () => new Promise(() => {}) })).toMatchObject({ exit: 6 });
  });

  test('a run that is going on is not touched; nor is a group that somebody has locked', async () => {
    const files = memoryFileSystem();
    const alive: string[] = [];
    const world = await shop({
      files,
      locks: {
        take: async (names, run) => {
          if (run === 'mend' && alive.length > 0) {
            throw new Fault({ code: 'locked', message: `${names[0]?.shown} is locked`, exit: 10 });
          }
          return { release: async () => {} };
        },
        held: async () =>
          alive.map((run) => ({
            kind: 'held',
            liveness: 'elsewhere',
            owner: {
              ...{ machine: '', boot: '', namespace: '', pid: 1, startedAt: '', nonce: '', user: '', host: '' },
              ...{ key: 'group:mail', shown: 'group mail', since: new Date(0).toISOString(), run },
            },
          })),
        break: async () => false,
      },
    });
    await runThatDies({ world, files }, await stepOfWriting('window.json'));
    const [run] = await listRuns(world.state);
    if (run === undefined) throw new Error('no run');
    alive.push(run.id);
    const before = world.onArrays();
    expect(await world.mend()).toMatchObject({ exit: 0, mended: [], guests: [] });
    const unseen = await world.mend('mend', { inDoubt: [run.id] });
    expect(unseen).toMatchObject({ exit: 10, mended: [], guests: [] });
    expect(unseen.left.join()).toContain(`run ${run.id} may be going on where it cannot be seen from here`);
    expect(await world.mend('mend', { group: 'hr', inDoubt: [run.id] })).toMatchObject({ exit: 0 });
    alive.splice(0, 1, 'mail-20260101T000000Z-ffff');
    expect(await world.mend()).toMatchObject({ exit: 10, mended: [] });
    // Where that very group was asked for, nobody is asked anything.
    const askedAtMs = world.clock.now();
    for (const doing of ['look', 'mend'] as const) {
      await expect(world.mend(doing, { group: 'mail', behind: deaf, unwritable: never })).rejects.toMatchObject({
        exit: 10,
        message: expect.stringContaining('group mail is locked by run mail-20260101T000000Z-ffff'),
      });
    }
    expect(world.clock.now()).toBe(askedAtMs);
    expect(world.onArrays()).toEqual(before);
  });
});

describe('mend, of an array that does not answer', () => {
  /** Events of this mending, with the time at which they were told. */
  async function told(one: Scene, how: Parameters<Shop['mend']>[1]) {
    const [from, began] = [one.world.events.length, one.world.clock.now()];
    const report = await one.world.mend('mend', how);
    return { report, events: one.world.events.slice(from), tookMs: one.world.clock.now() - began };
  }

  test('asks guests first, and tells of them before the array is given up; 6 outranks 4', async () => {
    const one = await killedAfterTheFire();
    const from = one.world.events.length;
    const seen: number[] = [];
    const unwritable = async () => {
      seen.push(one.world.events.slice(from).filter(({ type }) => type === 'may-be-held').length);
      return ['/srv'];
    };
    const { report, events, tookMs } = await told(one, { behind: deaf, unwritable });
    expect(report).toMatchObject({ exit: 6, mended: [] });
    expect(report.left.filter((text) => text.startsWith('array '))).toHaveLength(2);
    expect(events).toMatchObject([
      { type: 'finding', finding: { code: 'guest.in-doubt', subject: 'guests mail01, db01' } },
      { type: 'may-be-held', vms: ['mail01'] },
      { type: 'may-be-held', vms: ['db01'] },
    ]);
    // Side by side: neither was told of when the second was asked.
    expect(seen).toEqual([0, 0]);
    // Both arrays at once, and neither a second time.
    expect(tookMs).toBeLessThanOrEqual(61_000);
  });

  test('says whom it knows to stand still, also where it does not come to its end', async () => {
    const one = await killedAfterTheFire();
    const overdue = new Fault({ code: 'deadline', message: 'mending: no answer within 30 s' });
    const ending = one.world.mend('mend', {
      unwritable: async () => ['/srv'],
      aroundFiles: (files) => ({
        ...files,
        list: (path) => (path.endsWith('rebuilt') ? Promise.reject(overdue) : files.list(path)),
      }),
    });
    await expect(ending).rejects.toMatchObject({
      exit: 6,
      message: expect.stringMatching(/^guest mail01 may still be held.*Nothing else was brought to its end: mending/),
    });
  });

  test('still finishes what hangs on the others', async () => {
    const one = await scene();
    one.world.bulk.failFire('bulk-v0', { kind: 'refused' });
    one.world.fast.failNext('remove', { kind: 'refused' });
    expect((await one.world.run()).exit).toBe(5);
    expect(one.world.fast.objects()).toHaveLength(3);
    const { report } = await told(one, { behind: (driver) => (driver.id === 'bulk' ? deaf(driver) : driver) });
    expect(report).toMatchObject({ exit: 3, mended: [{ kind: 'take-back' }] });
    expect(one.world.fast.objects()).toHaveLength(2);
  });
});

/** What `show` says of the last run, in one line. */
async function shownLast({ world }: Scene): Promise<string> {
  const runs = await listRuns(world.state);
  const [run] = runs;
  if (run === undefined) throw new Error('no run');
  const open = leftovers(await listSets(world.state), runs).filter((leftover) => leftover.run === run.id);
  const own = open.map((leftover) => asOf(leftover, world.clock.date()));
  const lines = showRunLines({ run, running: new Set(), leftovers: own, log: '/log' });
  return lines.join(' ').replaceAll(/\s+/g, ' ');
}

const never = (): Promise<never> => new Promise(() => {});

function deaf(driver: ArrayDriver): ArrayDriver {
  return { ...driver, find: never, findAll: never, disarm: never, remove: never };
}

/** Died with every snapshot taken, and not yet a line of the window on disk. */
async function killedAfterTheFire(): Promise<Scene> {
  const one = await scene();
  await runThatDies(one, await stepOfWriting('window.json'));
  await one.world.clock.pass(1000);
  return one;
}

/** The step at which a run writes this; at `window.json` both arrays have cut. */
async function stepOfWriting(file: string): Promise<number> {
  const life = mortal();
  const world = await shop();
  let at = 0;
  await world.run({
    ...asMortal(life),
    aroundFiles: (files) => {
      const counted = life.files(files);
      return {
        ...counted,
        writeWhole(path, text) {
          if (path.endsWith(file)) at = life.steps();
          return counted.writeWhole(path, text);
        },
      };
    },
  });
  return at;
}
