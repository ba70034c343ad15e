import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makes } from '../../src/cli/makes.ts';
import { startVcenter } from '../../src/demo/vcenter.ts';
import { parseTopology } from '../../src/topology/read.ts';
import { program } from '../fixtures/program.ts';
import { standardWorld } from '../fixtures/world-table.ts';

const PASSWORD = { GOVC_PASSWORD: 'right' };

describe('init, of the small vCenter in this process', () => {
  let vcenter: Awaited<ReturnType<typeof startVcenter>>;
  beforeAll(async () => {
    vcenter = await startVcenter({ table: standardWorld, username: 'reader', password: 'right', pageSize: 3 });
  });
  afterAll(() => vcenter.close());

  const asking = (...names: readonly string[]): readonly string[] => [
    ...['init', ...names, '--url', vcenter.url, '--username', 'reader'],
  ];
  const believing = (...names: readonly string[]): readonly string[] => [
    ...[...asking(...names), '--fingerprint', vcenter.certificate.fingerprint],
  ];

  test('what it prints believes the certificate that it was given', async () => {
    const { exit, stdout, stderr } = await program(believing('mail01'), PASSWORD);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const { topology, findings } = parseTopology(stdout, 'stillpoint.yaml', makes, { env: {} });
    expect(findings).toEqual([]);
    const fingerprint = vcenter.certificate.fingerprint.replace('SHA256:', '').replaceAll(':', '').toLowerCase();
    expect(topology?.vsphere.tls).toEqual({ fingerprint });
  });

  test('a VM that is not found is said on standard error and by exit 4, and the others are printed', async () => {
    const { exit, stdout, stderr } = await program(believing('mail01', 'mali99'), PASSWORD);
    expect({ exit, stderr }).toEqual({ exit: 4, stderr: expect.stringContaining('vSphere knows no VM mali99') });
    const { topology } = parseTopology(stdout, 'stillpoint.yaml', makes, { env: {} });
    expect([...(topology?.vms.keys() ?? [])]).toEqual(['mail01']);
    const json = await program([...believing('mail01', 'mali99'), '--json'], PASSWORD);
    expect({ ...json, stdout: JSON.parse(json.stdout) }).toMatchObject({
      exit: 4,
      stdout: { type: 'init', text: stdout, warnings: [{ subject: 'mali99' }] },
    });
  });

  test('a certificate that nobody signed: the flag to add stands in a line of its own', async () => {
    const { exit, stdout, stderr } = await program(asking('mail01'), PASSWORD);
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' });
    expect(stderr).toContain(`\n    --fingerprint ${vcenter.certificate.fingerprint}\n`);
    expect(stderr).not.toContain('·');
    expect(stderr).not.toContain('tls:');
  });
});

test.each([
  ['no address', [], {}, '--url'],
  ['no user', ['--url', 'vc.test'], {}, '--username'],
  ['no password', ['--url', 'vc.test', '--username', 'x'], {}, 'GOVC_PASSWORD'],
  ['a password in the address', ['--url', 'https://a:b@vc.test'], {}, '--url cannot be used'],
  ['certificates that are not there', ['--url', 'vc.test', '--username', 'x', '--ca', '/nope'], PASSWORD, '--ca /nope'],
])('init with %s names its own flags, not a topology that it does not read', async (_, flags, env, said) => {
  const { exit, stderr } = await program(['init', 'mail01', ...flags], env);
  expect({ exit, stderr }).toEqual({ exit: said.startsWith('--ca') ? 4 : 2, stderr: expect.stringContaining(said) });
  expect(stderr).not.toContain('vsphere.');
  expect(stderr).not.toContain('topology');
});
