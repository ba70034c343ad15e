import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fault } from '../../src/base/fault.ts';
import type { SshSettings } from '../../src/transport/ssh/settings.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { run } from './kit/processes.ts';
import { faultOf, within } from './kit/shell-suite.ts';
import { bare, type KeyPair, makeKey, settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

needs('sshd', 'ssh')('the key of a host', () => {
  let sshd: TestSshd;
  let ed25519: KeyPair;
  let rsa: KeyPair;
  let stranger: KeyPair;
  let files = 0;

  beforeAll(async () => {
    sshd = await startSshd({ hostKeys: ['rsa', 'ecdsa', 'ed25519'] });
    stranger = await makeKey(join(sshd.folder, 'stranger'));
    [rsa, , ed25519] = sshd.hostKeys as [KeyPair, KeyPair, KeyPair];
  });
  afterAll(() => sshd?.stop());

  const name = (): string => `[127.0.0.1]:${sshd.port}`;
  const knownHosts = (...lines: readonly string[]): string => {
    files += 1;
    const file = join(sshd.folder, `known_${files}`);
    writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
    return file;
  };
  const accepted = async (settings: Partial<SshSettings>): Promise<boolean> => {
    const shell = await connectSsh(settingsFor(sshd, settings), { deadline: within() });
    await shell.close();
    return true;
  };
  const refused = (settings: Partial<SshSettings>): Promise<Fault> =>
    faultOf(connectSsh(settingsFor(sshd, settings), { deadline: within() }));
  /** What changes from run to run, by name. */
  const steady = (text: string | undefined): string =>
    (text ?? '')
      .replaceAll(String(sshd.port), 'PORT')
      .replaceAll(sshd.folder, 'FOLDER')
      .replaceAll(/AAAA[A-Za-z0-9+/=]+/g, 'KEY')
      .replaceAll(ed25519.fingerprint, 'SHA256:ED25519')
      .replaceAll(rsa.fingerprint, 'SHA256:RSA')
      .replaceAll(stranger.fingerprint, 'SHA256:STRANGER');

  test('that is known lets the login begin, whichever of its keys is the known one', async () => {
    for (const key of sshd.hostKeys) {
      expect(await accepted({ knownHosts: knownHosts(`${name()} ${bare(key.line)}`) })).toBe(true);
    }
  });

  test('may be known by a hashed name', async () => {
    const file = knownHosts(`other ${bare(stranger.line)}`, `${name()} ${bare(ed25519.line)}`);
    await run('ssh-keygen', ['-H', '-f', file]);
    expect(readFileSync(file, 'utf8')).toContain('|1|');
    expect(await accepted({ knownHosts: file })).toBe(true);
  });

  test.each(['[127.0.0.*]:*', '*', '[127.0.?.1]:PORT', 'mail01,[127.0.0.1]:PORT', '127.0.0.1'])(
    'may be known by %s',
    async (pattern) => {
      const names = pattern.replace('PORT', String(sshd.port));
      expect(await accepted({ knownHosts: knownHosts(`${names} ${bare(ed25519.line)}`) })).toBe(true);
    },
  );

  test('is not known by a pattern that excludes the host', async () => {
    const fault = await refused({ knownHosts: knownHosts(`*,![127.0.0.1]:* ${bare(ed25519.line)}`) });
    expect(fault.code).toBe('ssh.host-key-unknown');
  });

  test('may be known from the second of two files', async () => {
    const two = [knownHosts(`other ${bare(stranger.line)}`), knownHosts(`${name()} ${bare(ed25519.line)}`)];
    expect(await accepted({ knownHosts: two })).toBe(true);
  });

  test('that nobody knows is shown with its fingerprint and the line to add, and the line works', async () => {
    const file = knownHosts(`other ${bare(stranger.line)}`);
    const fault = await refused({ knownHosts: file });
    expect(fault.code).toBe('ssh.host-key-unknown');
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1: no known host key (looked in FOLDER/known_13); the host shows the ssh-ed25519 key SHA256:ED25519"`,
    );
    expect(steady(fault.hint)).toMatchInlineSnapshot(`
      "Compare the fingerprint with what the host's own console shows, then add this line to FOLDER/known_13:
      [127.0.0.1]:PORT ssh-ed25519 KEY"
    `);
    appendFileSync(file, `${fault.hint?.split('\n')[1]}\n`);
    expect(await accepted({ knownHosts: file })).toBe(true);
  });

  test('is asked for also where the ssh_config would take any', async () => {
    const config = join(sshd.folder, 'careless');
    const files = ['UserKnownHostsFile', 'GlobalKnownHostsFile'].map((key) => `${key} /dev/null`);
    writeFileSync(config, ['StrictHostKeyChecking no', ...files, ''].join('\n'));
    const fault = await refused({ knownHosts: undefined, config });
    expect(fault.code).toBe('ssh.host-key-unknown');
    expect(steady(`${fault.message}. ${fault.hint}`)).toMatchInlineSnapshot(`
      "127.0.0.1: no known host key (looked in no file); the host shows the ssh-ed25519 key SHA256:ED25519. Compare the fingerprint with what the host's own console shows, then add this line to a file, and name that in ssh.knownHosts:
      [127.0.0.1]:PORT ssh-ed25519 KEY"
    `);
  });

  test('that has changed is never accepted, and both are shown', async () => {
    const fault = await refused({ knownHosts: knownHosts('# ours', `${name()} ${bare(stranger.line)}`) });
    expect(fault.code).toBe('ssh.host-key-changed');
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1: the host key is not the known one: it shows the ssh-ed25519 key SHA256:ED25519, known is the ssh-ed25519 key SHA256:STRANGER (FOLDER/known_14:2)"`,
    );
    expect(steady(fault.hint)).toMatchInlineSnapshot(
      `"Do not go on before you know why: somebody may be in between. If the host was installed anew: ssh-keygen -R '[127.0.0.1]:PORT' -f FOLDER/known_14, then add its new key after comparing the fingerprint."`,
    );
  });

  test('that is revoked is refused, also where another line knows it', async () => {
    const fault = await refused({
      knownHosts: knownHosts(`${name()} ${bare(ed25519.line)}`, `@revoked * ${bare(ed25519.line)}`),
    });
    expect(fault.code).toBe('ssh.host-key-revoked');
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1: the host shows the ssh-ed25519 key SHA256:ED25519, which FOLDER/known_15:2 revokes"`,
    );
  });

  test('that only an authority vouches for is refused with the way out', async () => {
    const fault = await refused({ knownHosts: knownHosts(`@cert-authority * ${bare(stranger.line)}`) });
    expect(fault.code).toBe('ssh.host-certificate');
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1: the host is trusted only through a certificate authority (FOLDER/known_16:1), and host certificates are not supported; its own key is the ssh-ed25519 key SHA256:ED25519"`,
    );
    expect(steady(fault.hint)).toMatchInlineSnapshot(
      `"Set ssh.hostKey to SHA256:ED25519 after comparing it with what the host's own console shows."`,
    );
  });

  test('may be pinned, and then no file is read', async () => {
    expect(await accepted({ hostKey: ed25519.fingerprint, knownHosts: '/no/such/file' })).toBe(true);
    expect(await accepted({ hostKey: `${ed25519.fingerprint}=` })).toBe(true);
  });

  test('that is not the pinned one is refused, also where a file knows it', async () => {
    const fault = await refused({ hostKey: stranger.fingerprint });
    expect(fault.code).toBe('ssh.host-key-changed');
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1: the host shows the ssh-ed25519 key SHA256:ED25519, but SHA256:STRANGER is pinned"`,
    );
  });

  test('is looked for only in files that are there', async () => {
    const fault = await refused({ knownHosts: join(sshd.folder, 'not-there') });
    expect(fault.code).toBe('ssh.known-hosts-unreadable');
    expect(steady(`${fault.message}. ${fault.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: FOLDER/not-there cannot be read. Make it with: ssh-keyscan -p PORT 127.0.0.1 > FOLDER/not-there, and compare the fingerprints."`,
    );
  });

  test('is verified before anything is said about who we are', () => {
    // Each refusal above ended in the handshake: sshd has seen no name that it did not let in.
    expect(sshd.log()).not.toContain('Failed');
    expect(sshd.log()).not.toContain('Invalid user');
  });
});
