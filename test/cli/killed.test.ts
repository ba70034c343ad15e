import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { start } from '../lab/end-to-end/kit/cli.ts';
import { type Tap, tapped } from '../lab/killsweep/tap.ts';
import { folderTopology } from './folder-arrays.ts';

/** What needs no lab: a command that makes the state folder, killed wherever it changes a file. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-killed-'));
  for (const array of ['fast', 'bulk']) mkdirSync(join(folder, array));
  writeFileSync(join(folder, 'stillpoint.yaml'), folderTopology(folder));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function made(home: string, tap: Tap = {}) {
  const env = { PATH: '/usr/bin:/bin', STILLPOINT_HOME: join(folder, home), ...tapped(tap) };
  return start(['mend', '--rebuild', '--quiet'], { cwd: folder, env, through: (argv) => argv }).ended;
}

test('a run lists the places that it passes, each file that it changes among them', async () => {
  const places = join(folder, 'places');
  expect(await made('home', { places })).toMatchObject({ exit: 0, signal: null });
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
  expect(await made('home', { dieAt })).toMatchObject({ exit: null, signal: 'SIGKILL', stdout: '' });
  expect(existsSync(home) ? readdirSync(home) : undefined).toEqual(left);
  expect(await made('home')).toMatchObject({ exit: 0, stderr: '' });
  expect(readdirSync(home)).toEqual(['locks', 'runs', 'sets']);
});

test('a place that is never passed kills nobody', async () => {
  expect(await made('home', { dieAt: 'before mkdir . #2' })).toMatchObject({ exit: 0, signal: null });
});
