import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../../src/base/clock.ts';
import { realFileSystem } from '../../../src/base/file-system.ts';
import { interruptedBy } from '../../../src/base/interrupt.ts';
import { writeManifest } from '../../../src/catalog/manifest.ts';
import { openState } from '../../../src/catalog/state-folder.ts';
import { listSets } from '../../../src/catalog/store.ts';
import { runProgram } from '../../../src/cli/program.ts';
import { manifestOf } from '../../fixtures/sets.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillpoint-remove-'));
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test('after a signal no further set is removed, and what is gone by then is said', async () => {
  const example = readFileSync(new URL('../../../examples/minimal.yaml', import.meta.url));
  const file = join(folder, 'stillpoint.yaml');
  writeFileSync(file, example);
  const state = await openState(join(folder, 'state'), realFileSystem);
  const manifest = manifestOf({ group: 'app' });
  await writeManifest(state, manifest);
  let said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text: unknown, ...rest: readonly unknown[]) => {
    said += String(text);
    const done = rest.at(-1);
    if (typeof done === 'function') done();
    return true;
  });
  const { stdin, stdout, stderr } = process;
  const interrupt = AbortSignal.abort(interruptedBy('SIGTERM', 15));
  const env = { VC_PASSWORD: 'x' };
  const cli = { clock: systemClock, env, stdin, stdout, stderr, interrupt, version: '0', command: 'stillpoint' };
  const asked = ['remove', manifest.id, '--last', '--yes', '--json', '-t', file, '--state', state.root];
  expect(await runProgram(cli, asked, () => {})).toBe(143);
  expect(said).toContain('interrupted by SIGTERM; nothing was removed');
  expect(await listSets(state)).toMatchObject([{ id: manifest.id, state: 'good' }]);
});
