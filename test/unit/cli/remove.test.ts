import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { deadline } from '../../../src/base/deadline.ts';
import { realFileSystem } from '../../../src/base/file-system.ts';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import { fileLocks } from '../../../src/base/lock.ts';
import { waitsOn } from '../../../src/base/waits.ts';
import { writeManifest } from '../../../src/catalog/manifest.ts';
import { locksFolder, openState, type StateFolder } from '../../../src/catalog/state-folder.ts';
import { listSets } from '../../../src/catalog/store.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { manifestOf } from '../../fixtures/sets.ts';

let folder: string;
let state: StateFolder;
let said: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-remove-'));
  writeFileSync(
    join(folder, 'stillpoint.yaml'),
    readFileSync(new URL('../../../examples/minimal.yaml', import.meta.url)),
  );
  state = await openState(join(folder, 'state'), realFileSystem);
  said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text: unknown, ...rest: readonly unknown[]) => {
    said += String(text);
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  });
});

afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

function removing(ids: readonly string[], interrupt: AbortSignal): Promise<number> {
  const { stdin, stdout, stderr } = process;
  const about = { clock: systemClock, env: {}, waits: waitsOn(systemClock), version: '0', command: 'stillpoint' };
  const cli = { ...about, stdin, stdout, stderr, interrupt };
  const options = ['--last', '--yes', '--json', '-t', join(folder, 'stillpoint.yaml'), '--state', state.root];
  return runProgram(cli, ['remove', ...ids, ...options], () => {});
}

test('after a signal no further set is removed, and what is gone by then is said', async () => {
  const manifest = manifestOf({ group: 'app' });
  await writeManifest(state, manifest);
  expect(await removing([manifest.id], AbortSignal.abort(interruptedBy('SIGTERM', 15)))).toBe(143);
  expect(said).toContain('interrupted by SIGTERM; nothing was removed');
  expect(await listSets(state)).toMatchObject([{ id: manifest.id, state: 'good' }]);
});

test('where the second set is locked, the first is gone, and that is said', async () => {
  const first = { ...manifestOf({ group: 'app' }), snapshots: [] };
  const second = manifestOf({ group: 'mail' });
  for (const manifest of [first, second]) await writeManifest(state, manifest);
  const locks = fileLocks(locksFolder(state), systemClock);
  const time = deadline(systemClock, 1000, 'the lock');
  const taken = await locks.take([{ key: 'group:mail', shown: 'group mail' }], second.id, time);
  time.done();
  expect(await removing([first.id, second.id], new AbortController().signal)).toBe(10);
  expect(said).toContain(`removed so far: ${first.id}`);
  expect(await listSets(state)).toMatchObject([
    { id: first.id, state: 'removed' },
    { id: second.id, state: 'good' },
  ]);
  await taken.release();
});

test('a pinned set stays, and what pins it is named as the file that it is', async () => {
  const manifest = manifestOf({ group: 'app' });
  await writeManifest(state, manifest);
  const pin = join(state.root, 'sets', 'app', manifest.id, 'pin.json');
  writeFileSync(pin, '{"because":"audit 2026"}');
  expect(await removing([manifest.id], new AbortController().signal)).toBe(2);
  expect(JSON.parse(said.trim().split('\n').at(-1) ?? '')).toMatchObject({
    code: 'remove.pinned',
    message: `${manifest.id} is pinned: audit 2026`,
    hint: expect.stringContaining(`rm ${pin}`),
  });
});
