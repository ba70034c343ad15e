import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { start } from '../lab/end-to-end/kit/cli.ts';
import { type Tap, tapped } from '../lab/killsweep/tap.ts';

/** What needs no lab: a command that makes the state folder, killed wherever it changes a file. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-killed-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function list(home: string, tap: Tap = {}) {
  const env = { PATH: '/usr/bin:/bin', STILLPOINT_HOME: join(folder, home), ...tapped(tap) };
  return start(['list'], { cwd: folder, env, through: (argv) => argv }).ended;
}

test('a run lists the places that it passes, each file that it changes among them', async () => {
  const places = join(folder, 'places');
  expect(await list('home', { places })).toMatchObject({ exit: 0, signal: null });
  const passed = readFileSync(places, 'utf8').trim().split('\n');
  expect(passed.slice(0, 2)).toEqual(['before mkdir . #1', 'after mkdir . #1']);
  expect(passed.filter((place) => place.startsWith('after sync . '))).toHaveLength(3);
  expect(new Set(passed).size).toBe(passed.length);
});

test.each([
  ['before mkdir . #1', undefined],
  ['after mkdir sets #1', ['sets']],
  ['after sync . #3', ['locks', 'runs', 'sets']],
] as const)('it is killed exactly there: %s, and the next one goes on', async (dieAt, left) => {
  const home = join(folder, 'home');
  expect(await list('home', { dieAt })).toMatchObject({ exit: null, signal: 'SIGKILL', stdout: '' });
  expect(existsSync(home) ? readdirSync(home) : undefined).toEqual(left);
  expect(await list('home')).toMatchObject({ exit: 0, stderr: '' });
  expect(readdirSync(home)).toEqual(['locks', 'runs', 'sets']);
});

test('a place that is never passed kills nobody', async () => {
  expect(await list('home', { dieAt: 'before mkdir . #2' })).toMatchObject({ exit: 0, signal: null });
});
