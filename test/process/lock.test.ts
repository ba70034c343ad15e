import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sleep, systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import { fileLocks } from '../../src/base/lock.ts';
import { type Claim, claim, lockFileName, succeed } from '../../src/base/lock-file.ts';
import { livenessOf, type ProcessIdentity, thisProcess } from '../../src/base/process-identity.ts';
import { type Compiled, compiled } from '../fixtures/compiled.ts';
import { patient } from '../patience.ts';

let racer: Compiled;
let folder: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  racer = await compiled('test/fixtures/lock-racer.ts');
});
afterAll(() => racer.remove());

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'stillpoint-locks-'));
});
afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await ended(child);
  }
  await rm(folder, { recursive: true, force: true });
});

function locks() {
  return fileLocks(folder, systemClock);
}

function names(...keys: readonly string[]) {
  return keys.map((key) => ({ key, shown: `the thing ${key}` }));
}

function waiting(ms = 0): Deadline {
  return deadline(systemClock, ms, 'waiting for the locks');
}

function start(mode: 'hold' | 'race' | 'die', rounds: number, ...keys: readonly string[]): ChildProcess {
  const args = [racer.program, folder, join(folder, 'counter'), mode, String(rounds), ...keys];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  return child;
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', (code) => resolve(code));
  });
}

/** A process that holds locks until it is killed. */
async function holder(...keys: readonly string[]): Promise<ChildProcess> {
  const child = start('hold', 1, ...keys);
  await new Promise((resolve, reject) => {
    child.stdout?.once('data', resolve);
    child.once('exit', () => reject(new Error('the holder ended')));
  });
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await ended(child);
}

async function lockFiles(): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('counter'));
}

describe('locks', () => {
  test('are taken all or none, and released', async () => {
    const taken = await locks().take(names('b', 'a'), 'run-1', waiting());
    // One that comes before the one that is held, and one that comes after it.
    for (const free of ['0', 'c'])
      await expect(locks().take(names('a', free), 'run-2', waiting())).rejects.toMatchObject({ code: 'locked' });
    expect((await locks().held()).map((lock) => (lock.kind === 'held' ? lock.owner.key : ''))).toEqual(['a', 'b']);
    await taken.release();
    await taken.release();
    expect(await lockFiles()).toEqual([]);
    await (await locks().take(names('a', 'c'), 'run-2', waiting())).release();
  });

  test('named twice are taken once', async () => {
    const taken = await locks().take(names('a', 'a'), 'run-1', waiting());
    expect(await lockFiles()).toHaveLength(1);
    await taken.release();
  });

  test('of another process are a Fault with exit 10 that says whose, since when, and how to wait', async () => {
    const child = await holder('vm:1');
    const fault: unknown = await locks()
      .take(names('vm:1'), 'run-2', waiting())
      .catch((thrown: unknown) => thrown);
    expect(fault).toMatchObject({ code: 'locked', exit: 10, hint: expect.stringContaining('--wait 10m') });
    expect(fault instanceof Fault ? fault.message : '').toMatch(
      new RegExp(
        `^vm:1 is locked by run run-of-${child.pid} of \\S+ on this machine \\(process ${child.pid}\\), since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d [+-]\\d\\d:\\d\\d$`,
      ),
    );
  });

  test('are waited for, as long as was said', async () => {
    const taken = await locks().take(names('a'), 'run-1', waiting());
    setTimeout(() => void taken.release(), 400);
    await (await locks().take(names('a'), 'run-2', waiting(patient(20_000)))).release();
  });

  test('are given up when the time to wait is over', async () => {
    const taken = await locks().take(names('a'), 'run-1', waiting());
    await expect(locks().take(names('a'), 'run-2', waiting(300))).rejects.toMatchObject({ code: 'locked' });
    await taken.release();
  });

  test('are no longer waited for after an interrupt, which keeps its own reason', async () => {
    const taken = await locks().take(names('a'), 'run-1', waiting());
    const interrupt = new AbortController();
    const limit = deadline(systemClock, patient(60_000), 'waiting', interrupt.signal);
    setTimeout(() => interrupt.abort(new Fault({ code: 'interrupted', message: 'SIGINT', exit: 130 })), 50);
    await expect(locks().take(names('a'), 'run-2', limit)).rejects.toMatchObject({ code: 'interrupted', exit: 130 });
    await taken.release();
  });

  test('of a process killed with SIGKILL heal', async () => {
    await kill(await holder('a', 'b'));
    expect(await lockFiles()).toHaveLength(2);
    const taken = await locks().take(names('a', 'b'), 'run-2', waiting());
    expect((await locks().held()).map((lock) => (lock.kind === 'held' ? lock.owner.run : ''))).toEqual([
      'run-2',
      'run-2',
    ]);
    await taken.release();
    expect(await lockFiles()).toEqual([]);
  });

  test('of who died while healing heal too, and nothing is left behind', async () => {
    const dead = await holder('a');
    const alsoDead = await holder('b');
    await kill(dead);
    await kill(alsoDead);
    const lock = join(folder, lockFileName('a'));
    const first = await claimIn('a');
    // The right to succeed the first owner was taken by the second, who then died.
    await writeFile(`${lock}.after-${first.nonce}`, JSON.stringify({ ...(await claimIn('b')), key: 'a' }));
    await rm(join(folder, lockFileName('b')));
    const taken = await locks().take(names('a'), 'run-3', waiting());
    expect(await lockFiles()).toEqual([lockFileName('a')]);
    await taken.release();
  });

  test('being healed by somebody who is alive are theirs', async () => {
    const dead = await holder('a');
    await kill(dead);
    const healer = await holder('b');
    const first = await claimIn('a');
    const right = `${join(folder, lockFileName('a'))}.after-${first.nonce}`;
    await writeFile(right, JSON.stringify({ ...(await claimIn('b')), key: 'a', shown: 'a' }));
    await expect(locks().take(names('a'), 'run-3', waiting())).rejects.toMatchObject({
      message: expect.stringContaining(`process ${healer.pid}`),
    });
    expect(await readFile(right, 'utf8')).toContain(String(healer.pid));
  });

  test.each([
    ['another machine', { machine: 'elsewhere' }],
    ['another boot', { boot: 'before' }],
    ['another container', { namespace: 'pid:[1]' }],
  ])('of %s are respected even if no such process is here', async (_where, part) => {
    await kill(await holder('a'));
    await writeFile(join(folder, lockFileName('a')), JSON.stringify({ ...(await claimIn('a')), ...part, host: 'far' }));
    await expect(locks().take(names('a'), 'run-2', waiting())).rejects.toMatchObject({
      exit: 10,
      message: expect.stringContaining('on far'),
      hint: expect.stringContaining('stillpoint mend --break-lock'),
    });
  });

  test('whose pid is now another process heal', async () => {
    const mine = await thisProcess();
    await kill(await holder('a'));
    const reused = { ...(await claimIn('a')), pid: mine.pid };
    await writeFile(join(folder, lockFileName('a')), JSON.stringify(reused));
    await (await locks().take(names('a'), 'run-2', waiting())).release();
  });

  test.each([
    ['empty', ''],
    ['cut off', '{"machine":"x","pid":'],
    ['something else', '{"pid":1}'],
  ])('that are %s are respected, named, and can be broken by hand', async (_what, text) => {
    const file = join(folder, lockFileName('a'));
    await writeFile(file, text);
    await expect(locks().take(names('a'), 'run-2', waiting())).rejects.toMatchObject({
      exit: 10,
      message: expect.stringContaining(file),
      hint: expect.stringContaining('mend --break-lock'),
    });
    const [seen] = await locks().held();
    expect(seen).toEqual({ kind: 'unreadable', file });
    if (seen === undefined) return;
    expect(await locks().break(seen)).toBe(true);
    await (await locks().take(names('a'), 'run-2', waiting())).release();
  });

  test('of the dead whose file is cut at any byte are held by nobody knows whom, and never free', async () => {
    await kill(await holder('a'));
    const file = join(folder, lockFileName('a'));
    const bytes = await readFile(file);
    for (let length = 0; length < bytes.length - 1; length += 1) {
      await writeFile(file, bytes.subarray(0, length));
      expect(await locks().held(), `${length} of ${bytes.length} bytes`).toEqual([{ kind: 'unreadable', file }]);
      await expect(locks().take(names('a'), 'run-2', waiting())).rejects.toMatchObject({ code: 'locked', exit: 10 });
    }
    await writeFile(file, bytes);
    await (await locks().take(names('a'), 'run-2', waiting())).release();
  });

  test('are broken by hand only as they were seen, and their old owner then takes nothing of the new one', async () => {
    const first = await locks().take(names('a'), 'run-1', waiting());
    const [seen] = await locks().held();
    if (seen === undefined) throw new Error('a lock is held');
    expect(await locks().break(seen)).toBe(true);
    const second = await locks().take(names('a'), 'run-2', waiting());
    expect(await locks().break(seen)).toBe(false);
    await first.release();
    expect((await locks().held()).map((lock) => (lock.kind === 'held' ? lock.owner.run : ''))).toEqual(['run-2']);
    await second.release();
  });

  test('of the dead are not broken under the hand of a run that is taking them over', async () => {
    await kill(await holder('a'));
    const dead = await claimIn('a');
    const [seen] = await locks().held();
    if (seen === undefined) throw new Error('a lock is there');
    const heir = { ...dead, ...(await thisProcess()), run: 'run-2', nonce: 'f'.repeat(24) };
    const right = join(folder, `${lockFileName('a')}.after-${dead.nonce}`);
    await writeFile(right, JSON.stringify(heir));
    expect(await locks().break(seen)).toBe(false);
    expect(await claimIn('a')).toEqual(dead);

    await rm(right);
    expect(await locks().break(seen)).toBe(true);
    expect(await locks().held()).toEqual([]);
  });

  test('in a folder that cannot be used are a Fault that names it', async () => {
    await rm(folder, { recursive: true });
    await expect(locks().take(names('a'), 'run-1', waiting())).rejects.toMatchObject({
      code: 'lock.folder',
      exit: 4,
      message: expect.stringContaining('ENOENT'),
      hint: expect.stringContaining('hard links'),
    });
  });

  test('with names that no file can have are told apart', () => {
    const long = 'unit:fast/'.padEnd(400, 'x');
    const files = ['unit:a/b', 'unit:a_b', long, `${long}y`, '東京'].map(lockFileName);
    expect(new Set(files).size).toBe(5);
    for (const file of files) expect(file).toMatch(/^[A-Za-z0-9._-]{1,100}$/);
  });
});

describe('twenty processes that want the same locks', () => {
  async function race(mode: 'race' | 'die', rounds: number): Promise<readonly (number | null)[]> {
    await writeFile(join(folder, 'counter'), '0');
    const children = Array.from({ length: 20 }, (_, index) =>
      start(mode, rounds, ...(index % 2 === 0 ? ['a', 'b'] : ['b', 'a'])),
    );
    return Promise.all(children.map(ended));
  }

  test('never hold them at once, and all come to their turn', async () => {
    expect(await race('race', 3)).toEqual(Array.from({ length: 20 }, () => 0));
    expect(await readFile(join(folder, 'counter'), 'utf8')).toBe('60');
    expect(await lockFiles()).toEqual([]);
  });

  test('never hold them at once although many are killed holding them', async () => {
    const codes = await race('die', 3);
    expect(codes.filter((code) => code !== 0 && code !== null)).toEqual([]);
    // A round that ended in a kill had counted already.
    const count = Number(await readFile(join(folder, 'counter'), 'utf8'));
    const survivors = codes.filter((code) => code === 0).length;
    expect(count).toBeGreaterThanOrEqual(survivors * 3 + (20 - survivors));
    expect(count).toBeLessThanOrEqual(60);
    await (await locks().take(names('a', 'b'), 'last', waiting(patient(20_000)))).release();
    expect(await lockFiles()).toEqual([]);
  });
});

describe('twenty who find the same dead owner at the same moment', () => {
  test('are judged one by one: exactly one succeeds', async () => {
    for (let round = 0; round < 20; round += 1) {
      const self = await thisProcess();
      const gone: Claim = { ...claimOf(self, 'a', 1_000_000 + round), pid: 4_194_303, startedAt: '1' };
      await writeFile(join(folder, lockFileName('a')), JSON.stringify(gone));
      const claims = Array.from({ length: 20 }, (_, index) => claimOf(self, 'a', round * 20 + index));
      // Not in step: some still look at the dead owner's lock when another has already replaced it and swept.
      const late = async (wanted: Claim) => sleep(systemClock, Math.random() * 8).then(() => claim(folder, wanted));
      const outcomes = await Promise.all(claims.map(late));
      expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(1);
      await rm(join(folder, lockFileName('a')));
    }
  });
});

test('who looked before the lock was healed takes nothing away from who has it now', async () => {
  const self = await thisProcess();
  const lock = join(folder, lockFileName('a'));
  const gone: Claim = { ...claimOf(self, 'a', 1), pid: 4_194_303, startedAt: '1' };
  const now = claimOf(self, 'a', 2);
  const late = claimOf(self, 'a', 3);
  await writeFile(lock, JSON.stringify(now));
  const aside = join(folder, '.late.aside');
  await writeFile(aside, JSON.stringify(late));
  expect(await succeed(lock, gone, gone, aside, late)).toBe('again');
  expect(await claimIn('a')).toEqual(now);
  expect(await lockFiles()).toEqual(['.late.aside', lockFileName('a')]);
});

describe('a process', () => {
  test('is alive to itself, and a killed one is gone', async () => {
    const self = await thisProcess();
    expect(await livenessOf(self, self)).toBe('alive');
    const child = await holder('a');
    const other: ProcessIdentity = await claimIn('a');
    expect(await livenessOf(other, self)).toBe('alive');
    await kill(child);
    expect(await livenessOf(other, self)).toBe('gone');
  });

  test('of which the system tells nothing is never taken for gone', async () => {
    const self = { ...(await thisProcess()), boot: 'unknown' };
    expect(await livenessOf({ ...self, pid: 4_194_303 }, self)).toBe('elsewhere');
  });
});

function claimOf(self: ProcessIdentity, key: string, number: number): Claim {
  const nonce = number.toString(16).padStart(24, '0');
  return { ...self, key, shown: key, run: 'run', user: 'u', host: 'h', since: '2026-11-22T02:00:00.000Z', nonce };
}

async function claimIn(key: string): Promise<Claim> {
  return JSON.parse(await readFile(join(folder, lockFileName(key)), 'utf8'));
}
