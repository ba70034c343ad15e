import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { program } from '../../fixtures/program.ts';

const FILE = fileURLToPath(new URL('../../../examples/minimal.yaml', import.meta.url));

test('`check --offline` knows the groups of the file, and refuses another as `check` does', async () => {
  expect(await program(['check', '--offline', 'app', '-t', FILE])).toMatchObject({ exit: 0, stderr: '' });
  const refused = { exit: 2, stdout: '', stderr: expect.stringContaining('has no group nosuch') };
  expect(await program(['check', '--offline', 'nosuch', '-t', FILE])).toMatchObject(refused);
  expect(await program(['check', 'nosuch', '-t', FILE])).toMatchObject(refused);
});
