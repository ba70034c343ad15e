import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TWO_TIERS } from '../../src/demo/two-tier.ts';
import { type SmallWorld, startWorld } from '../../src/demo/world.ts';
import { program } from '../fixtures/program.ts';

const CODE = 'vsphere.unchecked-certificate';

describe('a certificate that is not checked', () => {
  let world: SmallWorld;
  beforeAll(async () => {
    world = await startWorld(TWO_TIERS);
  });
  afterAll(async () => {
    await world.close();
    rmSync(world.folder, { recursive: true });
  });

  /** The world's topology with another word on trust. */
  function written(name: string, change: (text: string) => string): string {
    const file = join(world.folder, `${name}.yaml`);
    const text = readFileSync(world.topology, 'utf8');
    writeFileSync(file, change(text));
    return file;
  }
  const insecure = (): string =>
    written('insecure', (text) => text.replace(/fingerprint: "?SHA256:[0-9A-F:]+"?/, 'insecure: true'));
  const lines = (text: string): { type: string; finding?: { code: string } }[] =>
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));

  test('is a warning of every check, plan and snapshot, with the fingerprint to write; the log has it too', async () => {
    const file = insecure();
    const warning = {
      subject: 'vSphere',
      message: expect.stringContaining('(vsphere.tls.insecure)'),
      hint: expect.stringContaining(`tls: { fingerprint: "${world.vcenter.certificate.fingerprint}" }`),
    };
    const checked = JSON.parse((await program(['check', '-t', file, '--json'])).stdout).checked;
    expect(checked).toContainEqual({ code: CODE, stands: true, warns: true, ...warning });
    const planned = JSON.parse((await program(['plan', '-t', file, '--json'])).stdout).findings;
    expect(planned).toEqual([{ code: CODE, severity: 'warning', ...warning }]);
    const { stdout } = await program(['snapshot', '-t', file, '--json']);
    const found = lines(stdout).flatMap(({ finding }) => finding ?? []);
    expect(found).toEqual([{ code: CODE, severity: 'warning', ...warning }]);
    const [run = ''] = readdirSync(join(world.state, 'runs'));
    const logged = lines(readFileSync(join(world.state, 'runs', run, 'log.jsonl'), 'utf8'));
    expect(logged.flatMap(({ finding }) => finding?.code ?? [])).toEqual([CODE]);
  });

  test('GOVC_INSECURE counts only where the address is GOVC_URL too, and warns', async () => {
    const env = { GOVC_INSECURE: '1', GOVC_URL: world.vcenter.url };
    const own = written('own-url', (text) => text.replace(/^ {2}tls:\n {4}fingerprint: .*\n/m, ''));
    const refused = await program(['plan', '-t', own], env);
    expect(refused).toMatchObject({ exit: 4, stderr: expect.stringContaining('signed by itself') });
    const theirs = written('their-url', (text) =>
      text.replace(/^ {2}tls:\n {4}fingerprint: .*\n/m, '').replace(/^ {2}url: .*\n/m, ''),
    );
    const { exit, stdout } = await program(['plan', '-t', theirs], env);
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: expect.stringContaining('(GOVC_INSECURE)') });
  });
});
