import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { realFileSystem } from '../../src/base/file-system.ts';
import { writeManifest } from '../../src/catalog/manifest.ts';
import { openState } from '../../src/catalog/state-folder.ts';
import { manifestOf } from '../fixtures/sets.ts';
import { expectGolden } from '../golden/golden.ts';
import { stillpoint } from './bin.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VERBS = [
  'check',
  'plan',
  'snapshot',
  'list',
  'show',
  'status',
  'verify',
  'remove',
  'mend',
  'ledger',
  'init',
  'schema',
  'holder',
  'demo',
];

describe('the command line, under env -i and without a terminal', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-cli-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(['', ...VERBS])('the help of `%s` is as it was', async (verb) => {
    const { exit, stdout, stderr } = await stillpoint([...(verb === '' ? [] : [verb]), '--help'], { cwd: folder });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expectGolden(stdout, new URL(`../golden/help/${verb === '' ? 'stillpoint' : verb}.txt`, import.meta.url));
  });

  test('the exit codes and what remains after a run are printed', async () => {
    const { exit, stdout } = await stillpoint(['help', 'exit'], { cwd: folder });
    expect(exit).toBe(0);
    expectGolden(stdout, new URL('../golden/help/exit.txt', import.meta.url));
  });

  test('without a topology it prints the help and ends with 0', async () => {
    const { exit, stdout } = await stillpoint([], { cwd: folder });
    expect(exit).toBe(0);
    expect(stdout).toContain('Look first      check   plan');
  });

  test.each([
    [['--bogus'], "unknown option '--bogus'"],
    [['show'], "missing required argument 'set'\n  stillpoint show --help"],
    [['snapshot', '--wait', '10'], '--wait 10 is not a duration'],
    [['snapshot', '--require', 'good'], '--require good is not a level'],
    [['list', '--json=5'], 'json'],
  ])('%j is wrong use: exit 2, and it says what', async (args, message) => {
    writeFileSync(join(folder, 'stillpoint.yaml'), readFileSync(`${ROOT}examples/minimal.yaml`));
    const { exit, stderr } = await stillpoint([...args], { cwd: folder, env: { STILLPOINT_HOME: folder } });
    rmSync(join(folder, 'stillpoint.yaml'));
    expect(exit).toBe(2);
    expect(stderr).toContain(message);
  });

  test('a missing topology names where it was looked for', async () => {
    const { exit, stderr } = await stillpoint(['plan'], { cwd: folder });
    expect(exit).toBe(2);
    expect(stderr).toContain('stillpoint.yaml: there is no such file');
    expect(stderr).toContain('STILLPOINT_TOPOLOGY');
  });

  test('no HOME, no XDG_STATE_HOME, no STILLPOINT_HOME: the message says which to set', async () => {
    const { exit, stderr } = await stillpoint(['list'], { cwd: folder });
    expect(exit).toBe(2);
    expect(stderr.replaceAll(/\s+/g, ' ')).toContain(
      'neither `state:` nor STILLPOINT_HOME, XDG_STATE_HOME or HOME is set',
    );
  });

  test('what init prints passes check --offline, and schema prints JSON', async () => {
    const { stdout } = await stillpoint(['init'], { cwd: folder });
    writeFileSync(join(folder, 'first.yaml'), stdout);
    expect(await stillpoint(['check', '--offline', '-t', 'first.yaml'], { cwd: folder })).toMatchObject({ exit: 0 });
    const { stdout: schema } = await stillpoint(['schema'], { cwd: folder });
    // More than a pipe holds: none of it may be cut off.
    expect(schema.length).toBeGreaterThan(65_536);
    expect(JSON.parse(schema)).toMatchObject({ type: 'object' });
  });

  test('every example passes check --offline', async () => {
    cpSync(`${ROOT}examples`, join(folder, 'examples'), { recursive: true });
    for (const name of ['minimal', 'two-tier', 'small-shop', 'ceph-command']) {
      const { exit, stderr } = await stillpoint(['check', '--offline', '-t', `examples/${name}.yaml`], { cwd: folder });
      expect(exit, `${name}: ${stderr}`).toBe(0);
    }
  });

  test('--json answers every end with one object that has exit, code, message and hint', async () => {
    const { exit, stdout, stderr } = await stillpoint(['plan', '--json'], { cwd: folder });
    const last: unknown = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
    expect(exit).toBe(2);
    expect(stderr).toBe('');
    expect(last).toMatchObject({ v: 1, type: 'fault', exit: 2, code: 'topology.invalid' });
  });

  test('a set with the same key is reused, with its paper where that was asked for, unless more is required now', async () => {
    writeFileSync(join(folder, 'keyed.yaml'), readFileSync(`${ROOT}examples/minimal.yaml`));
    const state = join(folder, 'keyed');
    await writeManifest(await openState(state, realFileSystem), manifestOf({ group: 'app', key: 'job-1' }));
    const snapshot = ['snapshot', '-t', 'keyed.yaml', '--state', state, '--key', 'job-1'];
    const reused = await stillpoint([...snapshot, '--manifest', 'paper.json'], { cwd: folder });
    expect(reused).toMatchObject({ exit: 0, stdout: expect.stringContaining('reused (key job-1)') });
    expect(JSON.parse(readFileSync(join(folder, 'paper.json'), 'utf8'))).toMatchObject({ v: 1, key: 'job-1' });
    expect((await stillpoint([...snapshot, '--require', 'application'], { cwd: folder })).exit).toBe(4);
  });

  test.each([
    [['-t', 'nowhere.yaml'], 'topology.invalid'],
    [['-t', 'paper.yaml', '--key', ''], 'usage.flag'],
    [['-t', 'paper.yaml', '--wait', '10'], 'usage.flag'],
    [['-t', 'paper.yaml', 'nosuch'], 'usage.no-such-group'],
    [['-t', 'paper.yaml', '--state', join(ROOT, 'package.json/state')], 'state.unreachable'],
  ])('a fault before there is a run, as of %j, takes the place of an earlier paper', async (args, code) => {
    writeFileSync(join(folder, 'paper.yaml'), readFileSync(`${ROOT}examples/minimal.yaml`));
    writeFileSync(join(folder, 'fault.json'), '{"state":"good"}');
    const { exit } = await stillpoint(['snapshot', ...args, '--manifest', 'fault.json'], {
      cwd: folder,
      env: { STILLPOINT_HOME: join(folder, 'home') },
    });
    expect(exit).toBe(2);
    const paper: unknown = JSON.parse(readFileSync(join(folder, 'fault.json'), 'utf8'));
    expect(paper).toMatchObject({ v: 1, state: 'failed', exit: 2, fault: { code }, mayBeHeld: [] });
  });

  test('a secret that cron does not have is said to be missing under cron, and a log is left', async () => {
    const topology = `${readFileSync(`${ROOT}examples/minimal.yaml`, 'utf8')}`;
    writeFileSync(join(folder, 'cron.yaml'), topology);
    const state = join(folder, 'state');
    const { exit, stderr } = await stillpoint(['snapshot', '-t', 'cron.yaml', '--state', state, '--quiet'], {
      cwd: folder,
    });
    expect(exit).toBe(4);
    expect(stderr).toMatch(/[Uu]nder cron/);
    expect(stderr.trimEnd().split('\n').at(-1)).toContain('log.jsonl');
  });

  test('a reader that went away ends nothing', async () => {
    const { exit, stderr } = await stillpoint(['schema'], { cwd: folder, closeStdout: true });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  });
});
