import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stillpoint } from '../cli/bin.ts';
import { standardWorld } from '../fixtures/world-table.ts';
import { needs } from '../needs.ts';
import { startVcsim, type Vcsim } from './vcsim/start.ts';

needs('vcsim')('init with names, by the built program, from a real vcsim', () => {
  let vcsim: Vcsim;
  let folder: string;
  beforeAll(async () => {
    vcsim = await startVcsim({ table: standardWorld });
    folder = mkdtempSync(join(tmpdir(), 'stillpoint-init-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await vcsim.stop();
  });
  const env = (): Record<string, string> => ({
    GOVC_URL: vcsim.url,
    GOVC_USERNAME: vcsim.username,
    GOVC_PASSWORD: vcsim.password,
  });
  const [first] = standardWorld.vms;

  test('an unknown certificate is refused, and the message says which it is and what to write', async () => {
    const { exit, stdout, stderr } = await stillpoint(['init', first?.name ?? ''], { cwd: folder, env: env() });
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' });
    expect(stderr).toMatch(/SHA256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/);
    expect(stderr).not.toContain(vcsim.password);
  });

  test('with the fingerprint that it printed, it prints a topology that passes check --offline', async () => {
    const refused = await stillpoint(['init', first?.name ?? ''], { cwd: folder, env: env() });
    const [fingerprint = ''] = /SHA256:(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(refused.stderr) ?? [];
    const { exit, stdout, stderr } = await stillpoint(['init', first?.name ?? '', '--fingerprint', fingerprint], {
      cwd: folder,
      env: env(),
    });
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toContain('naa.');
    writeFileSync(join(folder, 'made.yaml'), stdout);
    expect(await stillpoint(['check', '--offline', '-t', 'made.yaml'], { cwd: folder })).toMatchObject({ exit: 0 });
  });

  test('a VM that is not there is named', async () => {
    const { exit, stderr } = await stillpoint(['init', 'nobody99'], {
      cwd: folder,
      env: { ...env(), GOVC_INSECURE: '1' },
    });
    expect(exit).toBe(4);
    expect(stderr).toContain('nobody99');
  });
});
