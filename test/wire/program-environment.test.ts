import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderTopology } from '../cli/folder-arrays.ts';
import { program } from '../fixtures/program.ts';

/** Every secret that a run's own environment may hold. */
const SECRETS = { PASSWORD: 'hunter1', GOVC_PASSWORD: 'hunter2', GOVC_URL: 'https://a:hunter3@vc.invalid' };

describe('what a local array’s commands can read of our environment', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-environment-'));
    for (const array of ['fast', 'bulk']) mkdirSync(join(folder, array));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is where things are, and the variables that the topology names', async () => {
    const told = join(folder, 'told');
    const list = { run: ['sh', '-c', `env > ${told}; echo mail_db`], row: '^(?<volume>.+)$' };
    const file = join(folder, 'stillpoint.yaml');
    writeFileSync(file, folderTopology(folder, { fast: { list, variables: ['ARRAY_TOKEN'] } }));
    const env = { ...SECRETS, ARRAY_TOKEN: 'abc', HOME: folder, STILLPOINT_HOME: join(folder, 'home') };
    await program(['check', '-t', file], env);
    const seen = readFileSync(told, 'utf8');
    expect(seen).toContain('ARRAY_TOKEN=abc');
    expect(seen).toContain(`HOME=${folder}`);
    expect(seen).not.toMatch(/hunter|GOVC/);
  });
});
