import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import type { SecretRef } from '../../src/base/secret-ref.ts';
import { parseTopology } from '../../src/topology/read.ts';
import { readSecrets, secretsIn } from '../../src/topology/secrets.ts';
import { patient } from '../patience.ts';
import { someMakes } from '../unit/topology/makes.ts';

const folder = mkdtempSync(join(tmpdir(), 'stillpoint-secrets-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('a secret', () => {
  it('is what a variable holds, what a file holds without its last newline, what a command prints', async () => {
    const refs: readonly SecretRef[] = [
      { env: 'VC_PASSWORD' },
      { file: file('word', 'hunter2\n') },
      { file: file('windows-word', ' hunter 3 \r\n') },
      { command: ['printf', '%s\\n', 'hunter 4'] },
    ];
    const { secrets, findings } = await read(refs, { VC_PASSWORD: 'hunter1' });
    expect(findings).toEqual([]);
    expect(refs.map((ref) => secrets?.of(ref).reveal())).toEqual(['hunter1', 'hunter2', ' hunter 3 ', 'hunter 4']);
  });

  it('of a command is printed without the variables of others, but for those that it names', async () => {
    const env = { VC_PASSWORD: 'hunter1', VAULT_TOKEN: 'hunter2', LANG: 'C.UTF-8' };
    const command = ['sh', '-c', 'echo "$VC_PASSWORD,$VAULT_TOKEN,$LANG"'] as const;
    const refs: readonly SecretRef[] = [
      { command: [...command] },
      { command: [...command], variables: ['VAULT_TOKEN'] },
    ];
    const { secrets } = await read(refs, env);
    expect(refs.map((ref) => secrets?.of(ref).reveal())).toEqual([',,C.UTF-8', ',hunter2,C.UTF-8']);
  });

  it('is read once, however often it is wanted', async () => {
    const log = join(folder, 'calls');
    const script = file('ask', `#!/bin/sh\necho called >> ${log}\nwc -l < ${log}\n`, 0o700);
    const { secrets } = await read([{ command: [script] }, { command: [script] }, { command: [script] }]);
    expect(
      secrets
        ?.of({ command: [script] })
        .reveal()
        .trim(),
    ).toBe('1');
  });

  it('is found all over the topology, for those VMs that are wanted', () => {
    const { topology } = parseTopology(
      `version: 1
vsphere: { password: { env: A } }
arrays:
  fast: { driver: pure, url: https://fa1.example, token: { file: /b } }
  bulk: { driver: btrfs, root: /srv, ssh: { host: bulk, passphrase: { command: [c] } } }
vms: { mail01: { ssh: { host: h, password: { env: D } } }, db01: { ssh: { host: h, password: { env: E } } } }
groups: { mail: { vms: [mail01, db01] } }
`,
      'stillpoint.yaml',
      someMakes,
    );
    if (topology === undefined) throw new Error('not read');
    expect(secretsIn(topology, ['db01'])).toEqual([
      { subject: 'vsphere', key: 'password', ref: { env: 'A' } },
      { subject: 'array fast', key: 'token', ref: { file: '/b' } },
      { subject: 'array bulk', key: 'passphrase', ref: { command: ['c'] } },
      { subject: 'vm db01', key: 'password', ref: { env: 'E' } },
    ]);
    expect(secretsIn(topology)).toHaveLength(5);
  });
});

describe('a secret that is not there', () => {
  it('is a finding for each, all at once, and no secrets are given', async () => {
    const missing = join(folder, 'none');
    const refs: readonly SecretRef[] = [
      { env: 'NOT_SET' },
      { file: missing },
      { file: folder },
      { file: file('empty', '\n') },
      { file: file('large', 'x'.repeat(70_000)) },
      { command: ['sh', '-c', 'echo hunter2; echo hunter2 is no password >&2; exit 3'] },
      { command: ['true'] },
      { command: ['no-such-program-here'] },
      { env: 'SET' },
    ];
    const { secrets, findings } = await read(refs, { SET: 'hunter9' });
    expect(secrets).toBeUndefined();
    expect(findings.map(({ code, message }) => [code, message.replaceAll(folder, '')])).toEqual([
      ['secret.variable-not-set', '`key0`: the environment variable NOT_SET is not set'],
      ['secret.file', '`key1`: /none is not there'],
      ['secret.file', '`key2`:  is a folder'],
      ['secret.file', '`key3`: /empty is empty'],
      ['secret.file', '`key4`: /large is larger than 64 KiB'],
      ['secret.command-failed', '`key5`: sh ended with exit 3; what it said is not shown'],
      ['secret.command-silent', '`key6`: true printed nothing'],
      ['command.not-found', expect.stringContaining('no-such-program-here')],
    ]);
    expect(JSON.stringify(findings)).not.toContain('hunter');
  });

  it('is explained as cron’s doing where there is no terminal', async () => {
    const refs: readonly SecretRef[] = [{ env: 'NOT_SET' }, { command: ['false'] }];
    const atTerminal = await read(refs, {}, true);
    expect(atTerminal.findings.map(({ hint }) => hint)).toEqual([
      expect.stringContaining('export NOT_SET='),
      expect.not.stringContaining('cron'),
    ]);
    const underCron = await read(refs, {}, false);
    for (const { hint } of underCron.findings) expect(hint).toMatch(/[Uu]nder cron/);
  });

  it('does not wait for a command beyond its deadline', async () => {
    const limit = deadline(systemClock, 300, 'reading the secrets');
    const wanted = [{ subject: 'vsphere', key: 'password', ref: { command: ['sleep', '60'] } as const }];
    const { findings } = await readSecrets(wanted, { env: process.env, terminal: true }, limit);
    expect(findings).toMatchObject([{ code: 'command.deadline', subject: 'vsphere' }]);
  });
});

describe('a file that everybody can read', () => {
  it('is a warning, and is read', async () => {
    const path = file('open', 'hunter2', 0o644);
    const { secrets, findings } = await read([{ file: path }, { file: file('group', 'hunter3', 0o640) }]);
    expect(findings).toMatchObject([
      { severity: 'warning', code: 'secret.readable-by-others', hint: `chmod o-r ${path}` },
    ]);
    expect(secrets?.of({ file: path }).reveal()).toBe('hunter2');
  });
});

function file(name: string, text: string, mode = 0o600): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

function read(refs: readonly SecretRef[], env: Record<string, string> = {}, terminal = true) {
  const wanted = refs.map((ref, index) => ({ subject: 'array fast', key: `key${index}`, ref }));
  return readSecrets(wanted, { env, terminal }, deadline(systemClock, patient(15_000), 'reading the secrets'));
}
