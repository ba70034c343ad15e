import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** They import what is built, and neither the compiler nor the linter follows them there. */
test('every bench finds what it measures', async () => {
  const run = fileURLToPath(new URL('../../bench/run.js', import.meta.url));
  const said = await new Promise((resolve) => {
    execFile(process.execPath, [run, 'nothing'], (error, _, stderr) => resolve([error?.code, stderr]));
  });
  expect(said).toEqual([2, expect.stringMatching(/^npm run bench -- NAME \[flags\], NAME one of: /)]);
});
