import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realFileSystem } from '../../src/base/file-system.ts';
import { writeManifest } from '../../src/catalog/manifest.ts';
import { openState } from '../../src/catalog/state-folder.ts';
import { manifestOf } from '../fixtures/sets.ts';
import { type Running, start } from '../lab/end-to-end/kit/cli.ts';
import { patient } from '../patience.ts';
import { folderTopology } from './folder-arrays.ts';

/** The promise is 5 s on a machine that is not busy. */
const PROMISED_MS = patient(15_000);

/** An array whose program hangs as soon as it is asked what is there. */
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillpoint-signals-'));
  for (const array of ['fast', 'bulk']) mkdirSync(join(folder, array));
  const find = { run: ['sleep', '600'], row: '^(?<volume>[^@]+)@(?<snapshot>\\S+)$' };
  writeFileSync(join(folder, 'stillpoint.yaml'), folderTopology(folder, { fast: { find } }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function started(...args: readonly string[]): Running {
  const env = { PATH: '/usr/bin:/bin', PASSWORD: 'x', STILLPOINT_HOME: join(folder, 'state') };
  return start(args, { cwd: folder, env, through: (argv) => argv });
}

async function endOf(run: Running): Promise<{ readonly exit: number | null; readonly said: string; tookMs: number }> {
  const sinceMs = performance.now();
  const { exit, stderr } = await run.ended;
  return { exit, said: stderr.replaceAll(/\s+/g, ' '), tookMs: performance.now() - sinceMs };
}

test.each([
  ['SIGINT', ['check']],
  ['SIGTERM', ['mend', '--rebuild', '--dry-run']],
  ['SIGHUP', ['check', '--json']],
] as const)('%s ends `%s` that waits for an array, with 128 + n', async (signal, args) => {
  const run = started(...args);
  if (args[1] === '--json') await new Promise((resolve) => setTimeout(resolve, 3_000));
  else await run.says('waiting for array fast: 5 s');
  run.signal(signal);
  const { exit, tookMs } = await endOf(run);
  expect(exit).toBe(128 + constants.signals[signal]);
  expect(tookMs).toBeLessThan(PROMISED_MS);
});

test('a removal that waits for an array says what it waits for, to a second signal too, and names what is left', async () => {
  const set = manifestOf({ group: 'mail' });
  await writeManifest(await openState(join(folder, 'state'), realFileSystem), set);
  const run = started('remove', set.id, '--last', '--yes');
  await run.says('waiting for array fast: 5 s');
  run.signal('SIGTERM');
  await run.says('interrupted by SIGTERM: nothing new is begun');
  run.signal('SIGINT');
  const { exit, said, tookMs } = await endOf(run);
  expect(exit).toBe(143);
  expect(tookMs).toBeLessThan(PROMISED_MS);
  expect(said).toMatch(
    /interrupted by SIGINT again: still waiting for array fast \(\d+ s so far, [0-4] s more at the most\)/,
  );
  expect(said).toMatch(/not all is known to be gone: \S+: array fast: .* stayed there/);
});
