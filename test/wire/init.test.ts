import { readFileSync } from 'node:fs';
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

  test('a name that is not there is answered with the VMs that are, the nearest first', async () => {
    const { exit, stdout, stderr } = await program(believing('mali01'), PASSWORD);
    expect({ exit, stdout }).toEqual({ exit: 4, stdout: '' });
    const listed = stderr.replace(/\s+/g, ' ');
    expect(listed).toContain('Did you mean mail01?');
    expect(listed).toMatch(/VMs there, the nearest first: mail01, .*web01/);
    const some = await program(believing('mail01', 'nobody99'), PASSWORD);
    expect(some.stderr.replace(/\s+/g, ' ')).toMatch(/VMs there, the nearest first: .*mail01/);
  });

  test('let in by GOVC_INSECURE, it says so and writes the fingerprint that it saw', async () => {
    const env = { ...PASSWORD, GOVC_URL: vcenter.url, GOVC_USERNAME: 'reader', GOVC_INSECURE: '1' };
    const { exit, stdout, stderr } = await program(['init', 'mail01'], env);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: expect.stringContaining('is not checked (GOVC_INSECURE)') });
    expect(stdout).toContain(`  tls: { fingerprint: ${vcenter.certificate.fingerprint} } # as it was seen, unchecked`);
    expect(parseTopology(stdout, 'stillpoint.yaml', makes, { env: {} }).findings).toEqual([]);
  });

  test('the group in it is the one that README goes on with', async () => {
    const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
    const steps = readme.slice(readme.indexOf('## A first topology'), readme.indexOf('## Exit codes'));
    const named = [...steps.matchAll(/stillpoint (?:plan|snapshot) (\w+)/g)].map(([, group]) => group);
    expect(named.length).toBeGreaterThan(3);
    for (const text of [(await program(['init'])).stdout, (await program(believing('mail01'), PASSWORD)).stdout]) {
      const { topology } = parseTopology(text, 'stillpoint.yaml', makes, { env: {} });
      expect([...(topology?.groups.keys() ?? [])]).toEqual([...new Set(named)]);
      expect([...text.matchAll(/stillpoint (?:plan|snapshot) (\w+)/g)].every(([, group]) => group === named[0])).toBe(
        true,
      );
    }
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
