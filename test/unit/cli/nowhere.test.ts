import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realFileSystem } from '../../../src/base/file-system.ts';
import { writeManifest } from '../../../src/catalog/manifest.ts';
import { openState } from '../../../src/catalog/state-folder.ts';
import { program } from '../../fixtures/program.ts';
import { manifestOf } from '../../fixtures/sets.ts';

let folder: string;
let topology: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-nowhere-'));
  topology = join(folder, 'topology.yaml');
  writeFileSync(topology, readFileSync(new URL('../../../examples/minimal.yaml', import.meta.url)));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Lines are broken where they end. */
const words = (text: string): string => text.replaceAll(/\s+/g, ' ');

test.each([
  ['list'],
  ['list', '--runs'],
  ['show', 'latest'],
  ['status'],
  ['mend'],
  ['mend', '--dry-run'],
  ['verify', 'latest'],
  ['remove', 'latest'],
  [''],
])('`%s` in a folder that --state names and that is not there is wrong use, and makes nothing', async (...argv) => {
  const nope = join(folder, 'nope');
  const { exit, stderr } = await program([...argv.filter((word) => word !== ''), '-t', topology, '--state', nope]);
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(nope) });
  expect(stderr).toContain('--state');
  expect(existsSync(nope)).toBe(false);
});

test.each([
  [['list'], 0, 'There is no set yet in'],
  [['list', '--runs'], 0, 'There is no run yet in'],
  [['mend'], 0, 'There is nothing to mend in'],
  [['show', 'latest'], 2, 'there is no set: the state folder'],
])(
  '%j where no folder is there yet says which, from where, and that there is no topology',
  async (argv, exit, said) => {
    const home = join(folder, 'home');
    const answer = await program(argv, { STILLPOINT_HOME: home, STILLPOINT_TOPOLOGY: '' });
    expect(answer.exit).toBe(exit);
    const text = words(answer.stdout + answer.stderr);
    expect(text).toContain(`${said} ${home} (from STILLPOINT_HOME)`);
    expect(text).toContain('is not there');
    expect(text).toMatch(/no topology was found/i);
    expect(existsSync(home)).toBe(false);
  },
);

test('a look at a folder that is no state folder makes none of it', async () => {
  for (const argv of [['list'], ['status'], ['mend', '--dry-run']]) await program([...argv, '--state', folder]);
  expect(readdirSync(folder)).toEqual(['topology.yaml']);
  const { exit, stderr } = await program(['show', 'latest', '--state', folder]);
  expect({ exit, stderr }).toEqual({ exit: 2, stderr: expect.stringContaining(`no good set yet in ${folder}`) });
});

test.each(['list', 'snapshot'])('`%s`: a file is no state folder', async (verb) => {
  const { exit, stderr } = await program([verb, '-t', topology, '--state', topology]);
  expect(exit).toBe(2);
  expect(words(stderr)).toContain(`${topology} (from --state) is a file, and no folder`);
});

test('a file in the way of a folder of the state folder has a remedy', async () => {
  mkdirSync(join(folder, 'home'));
  writeFileSync(join(folder, 'home', 'locks'), '');
  const { exit, stderr } = await program(['mend'], { STILLPOINT_HOME: join(folder, 'home') });
  expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('A file of that name is in the way') });
});

test('`list` of a group that neither the topology nor the folder knows is wrong use; of one that has sets it is not', async () => {
  const state = join(folder, 'state');
  await writeManifest(await openState(state, realFileSystem), manifestOf({ group: 'former' }));
  const flags = ['-t', topology, '--state', state];
  expect(await program(['list', 'nosuch', ...flags])).toMatchObject({
    exit: 2,
    stderr: expect.stringContaining('nosuch'),
  });
  expect(await program(['list', 'former', ...flags])).toMatchObject({
    exit: 0,
    stdout: expect.stringContaining('former-'),
  });
});

test('`status` of no known group says why, and is not fine, for machines neither', async () => {
  const home = join(folder, 'home');
  const env = { STILLPOINT_HOME: home };
  const none = await program(['status'], env);
  expect({ ...none, stdout: words(none.stdout) }).toMatchObject({
    exit: 3,
    stdout: expect.stringContaining(
      `No run was ever begun in ${home} (from STILLPOINT_HOME), a folder that is not there`,
    ),
  });
  await writeManifest(await openState(home, realFileSystem), manifestOf({ group: 'demo' }));
  const other = await program(['status', 'nosuch'], env);
  expect({ ...other, stdout: words(other.stdout) }).toMatchObject({
    exit: 3,
    stdout: expect.stringMatching(/No group nosuch is known in .*; there are: demo/),
  });
  const { exit, stdout } = await program(['status', 'nosuch', '--json'], env);
  expect({ exit, document: JSON.parse(stdout) }).toMatchObject({ exit: 3, document: { fine: false, groups: [] } });
});

test('`status` says below the groups of a topology that there is not even a folder', async () => {
  const { exit, stdout } = await program(['status', '-t', topology], { STILLPOINT_HOME: join(folder, 'home') });
  expect(exit).toBe(3);
  expect(words(stdout).trim()).toMatch(
    /^app no set yet No run was ever begun in .*, a folder that is not there yet\.$/,
  );
});

test('list --quiet prints its answer, and a hint carries the flags that were given', async () => {
  const state = join(folder, "the sets' state");
  mkdirSync(state);
  const home = await openState(state, realFileSystem);
  await writeManifest(home, manifestOf({ at: '2026-11-22T02:00:00.000Z' }));
  const { exit, stdout, stderr } = await program(['list', '--quiet', '--state', state]);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  expect(stdout).toContain('mail-20261122');
  const nothing = await program(['show', 'nope', '-t', topology, '--state', state]);
  expect(nothing.exit).toBe(2);
  expect(words(nothing.stderr)).toContain(`stillpoint list -t ${topology} --state '${folder}/the sets'\\'' state'`);
});
