import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { deadline } from '../../../src/base/deadline.ts';
import { Fault } from '../../../src/base/fault.ts';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import { parseSetId } from '../../../src/catalog/names.ts';
import type { Removal } from '../../../src/catalog/removal.ts';
import type { SetEntry } from '../../../src/catalog/set-entry.ts';
import { exitOf, type Verified } from '../../../src/flows/verify/verified.ts';
import type { VerifyParts } from '../../../src/flows/verify/verify.ts';
import { verify } from '../../../src/flows/verify/verify.ts';
import type { Manifest } from '../../../src/model.ts';
import { type SimulatedArray, simulatedArray } from '../../doubles/array/array.ts';
import { simulated } from '../../doubles/array/driver.ts';
import { extHead, gptDisk } from '../../fixtures/disk-bytes.ts';
import { type ImageShell, imageShell } from '../../fixtures/image-shell.ts';
import { entryOfSet, manifestOf, REMOVAL } from '../../fixtures/sets.ts';

const STILL = extHead();
const BUSY = extHead({ needsRecovery: true });
const SIZE = BigInt(STILL.length);

/** The mail group's set over arrays in memory: `fast` shows what is in its snapshots, `bulk` does not. */
let fast: SimulatedArray;
let bulk: SimulatedArray;
let shell: ImageShell;
const manifest = sized(manifestOf());
const names = manifest.snapshots.filter(({ array }) => array === 'fast').map(({ name }) => name);

beforeEach(() => {
  shell = imageShell();
  fast = simulatedArray('fast', { volumes: [], shows: shell }, systemClock);
  bulk = simulatedArray('bulk', { volumes: [] }, systemClock);
  for (const snapshot of manifest.snapshots) (snapshot.array === 'fast' ? fast : bulk).place(snapshot);
  for (const name of names) shell.images.set(`/copies/${name}`, STILL);
});

/** Volumes of the images' size, and names as simulated arrays have them: the label first. */
function sized(whole: Manifest): Manifest {
  const arrays = whole.plan.arrays.map((array) => ({
    ...array,
    units: array.units.map((unit) => ({
      ...unit,
      volumes: unit.volumes.map((volume) => ({ ...volume, sizeBytes: SIZE })),
    })),
  }));
  const snapshots = whole.snapshots.map((snapshot) => ({
    ...snapshot,
    name: `${whole.label}-${snapshot.source.name}`,
    ...(snapshot.sizeBytes === undefined ? {} : { sizeBytes: SIZE }),
  }));
  return { ...whole, plan: { ...whole.plan, arrays }, snapshots };
}

function setOf(removal?: Removal): SetEntry {
  return entryOfSet(manifest, removal);
}

async function verified(parts: Partial<VerifyParts> = {}, set = setOf(), ms = 5000): Promise<readonly Verified[]> {
  const drivers = new Map([fast, bulk].map((array) => [array.id, simulated(array)]));
  const limit = deadline(systemClock, ms, 'verifying');
  try {
    return await verify({ drivers, depth: 'full', ...parts }, set, limit);
  } finally {
    limit.done();
  }
}

function of(all: readonly Verified[], is: Verified['is']): readonly string[] {
  return all.filter((line) => line.is === is).map(({ subject, code }) => `${subject} ${code}`);
}

test('a set that is as it was, worst first, with what nobody could look at', async () => {
  const all = await verified();
  expect(exitOf(all)).toBe(0);
  expect(of(all, 'not-looked-at')).toEqual([
    'fast: mail_db verify.file-system',
    'fast: db_data verify.file-system',
    'fast: app_db verify.file-system',
    'array bulk verify.shows-nothing',
  ]);
  expect(all[0]?.message).toMatch(/was held; e2fsprogs is not on fast\.example$/);
  expect(of(all, 'as-recorded')).toHaveLength(5);
});

test('quick asks no program of a file system', async () => {
  const all = await verified({ depth: 'quick' });
  expect(of(all, 'as-recorded')).toHaveLength(8);
  expect(new Set(shell.ran)).toEqual(new Set(['od']));
});

test('one that contradicts its record is found by its bytes', async () => {
  shell.images.set(`/copies/${names[1]}`, BUSY);
  const all = await verified();
  expect(of(all, 'wrong')).toEqual(['fast: db_data verify.needs-recovery']);
  expect(all[0]?.is).toBe('wrong');
  expect(exitOf(all)).toBe(3);
});

test('a ledger that cannot be read takes nothing from what the file systems show', async () => {
  const choking: ImageShell = {
    ...shell,
    run: (argv, how) =>
      argv.includes('debugfs')
        ? Promise.reject(new Fault({ code: 'command.too-much', message: 'debugfs said more than 16 MiB' }))
        : shell.run(argv, how),
  };
  fast = simulatedArray('fast', { volumes: [], shows: choking }, systemClock);
  for (const snapshot of manifest.snapshots) if (snapshot.array === 'fast') fast.place(snapshot);
  shell.images.set(`/copies/${names[1]}`, BUSY);
  const all = await verified();
  expect(of(all, 'wrong')).toEqual(['fast: db_data verify.needs-recovery']);
  expect(of(all, 'unreachable')).toEqual([]);
});

test('nothing that was shown stays shown, also where it cannot be read', async () => {
  shell.images.set(`/copies/${names[0]}`, gptDisk(64, []).subarray(0, 4096));
  await verified();
  expect(fast.objects()).toEqual([...names].sort());
});

test('an array that does not answer is not reached, and what the other shows is told all the same', async () => {
  bulk.failNext('find', { kind: 'refused' });
  const all = await verified();
  expect(of(all, 'unreachable')).toEqual(['array bulk array.refused']);
  expect(of(all, 'as-recorded')).toHaveLength(4);
  expect(exitOf(all)).toBe(4);
});

test('an array that the topology lost is not reached', async () => {
  const all = await verified({ drivers: new Map([['fast', simulated(fast)]]) });
  expect(of(all, 'unreachable')).toEqual(['array bulk verify.no-such-array']);
});

test('what its array calls of no use is wrong, and is not looked into', async () => {
  const [first] = fast.snapshots();
  if (first === undefined) throw new Error('it was placed');
  fast.place({ ...first, invalid: 'was dropped: the reserve was full' });
  const all = await verified();
  expect(of(all, 'wrong')).toEqual(['fast: mail_db verify.invalid']);
  expect(all.filter(({ subject }) => subject === 'fast: mail_db')).toHaveLength(1);
});

test('when the time is over what was seen is told, and what was shown is taken away', async () => {
  bulk.failNext('find', { kind: 'lost', executed: true });
  shell.stall();
  const all = await verified({}, setOf(), 200);
  expect(of(all, 'unreachable')).toHaveLength(4);
  expect(of(all, 'as-recorded')).toHaveLength(4);
  expect(fast.objects()).toEqual([...names].sort());
});

test('who interrupts gets no answer, and what was shown is taken away', async () => {
  shell.stall();
  const control = new AbortController();
  const limit = deadline(systemClock, 60_000, 'verifying', control.signal);
  const drivers = new Map([fast, bulk].map((array) => [array.id, simulated(array)]));
  const work = verify({ drivers, depth: 'full' }, setOf(), limit);
  setTimeout(() => control.abort(interruptedBy('SIGTERM', 15)), 100);
  await expect(work).rejects.toMatchObject({ exit: 143 });
  expect(fast.objects()).toEqual([...names].sort());
});

test('what could not be taken away again is named with its place', async () => {
  fast.failNext('withdraw', { kind: 'refused' });
  const all = await verified();
  expect(all.filter(({ code }) => code === 'verify.left-behind')).toMatchObject([
    { is: 'worth-knowing', hint: expect.stringContaining('fast.example') },
  ]);
});

test('a bug in a driver is no array that does not answer', async () => {
  const broken = { ...simulated(bulk), find: () => Promise.reject(new TypeError('x is not a function')) };
  const drivers = new Map([['fast', simulated(fast)] as const, ['bulk', broken] as const]);
  await expect(verified({ drivers })).rejects.toMatchObject({ exit: 1 });
});

describe('the papers', () => {
  const name = parseSetId(manifest.id);
  if (name === undefined) throw new Error('the fixture makes set ids');

  test('a manifest that is not believed is wrong, and no array is asked', async () => {
    fast.failNext('find', { kind: 'refused' });
    const all = await verified({}, { ...name, state: 'unreadable', why: 'its checksum does not match' });
    expect(all).toMatchObject([{ is: 'wrong', code: 'verify.manifest', message: 'its checksum does not match' }]);
  });

  test('a set that is being removed is no whole one', async () => {
    const all = await verified({}, setOf(REMOVAL));
    expect(all).toMatchObject([{ is: 'wrong', code: 'verify.removing' }]);
  });
});
