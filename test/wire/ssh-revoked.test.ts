import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRevokedKeys } from '../../src/transport/ssh/revoked-keys.ts';
import type { SshSettings } from '../../src/transport/ssh/settings.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { run } from './kit/processes.ts';
import { faultOf, within } from './kit/shell-suite.ts';
import { bare, type KeyPair, makeKey, settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

needs('sshd', 'ssh')('a host key that OpenSSH holds for revoked', () => {
  let sshd: TestSshd;
  let own: KeyPair;
  let stranger: KeyPair;

  beforeAll(async () => {
    sshd = await startSshd({ hostKeys: ['ed25519'] });
    [own] = sshd.hostKeys as [KeyPair];
    stranger = await makeKey(join(sshd.folder, 'stranger'));
  });
  afterAll(() => sshd?.stop());

  const file = (name: string, text: string): string => {
    const path = join(sshd.folder, name);
    writeFileSync(path, text);
    return path;
  };
  const config = (name: string, ...lines: readonly string[]): string =>
    file(`config-${name}`, ['GlobalKnownHostsFile /dev/null', ...lines, ''].join('\n'));
  const krl = async (name: string, ...words: readonly string[]): Promise<string> => {
    const path = join(sshd.folder, name);
    await run('ssh-keygen', ['-q', '-k', '-f', path, ...words]);
    return path;
  };
  const code = async (settings: Partial<SshSettings>): Promise<string> => {
    const shell = connectSsh(settingsFor(sshd, settings), { deadline: within() });
    const opened = await shell.catch(() => undefined);
    if (opened === undefined) return (await faultOf(shell)).code;
    await opened.close();
    return 'accepted';
  };
  const spec = (hash: string, key: KeyPair): string => file(`spec-${hash}`, `${hash}: ${bare(key.line)}\n`);

  test('in its own known_hosts is refused, also where the topology names another file or pins the key', async () => {
    const usual = file('usual', `@revoked * ${bare(own.line)}\n`);
    const settings = { config: config('usual', `UserKnownHostsFile ${usual}`) };
    expect(await code(settings)).toBe('ssh.host-key-revoked');
    expect(await code({ ...settings, hostKey: own.fingerprint })).toBe('ssh.host-key-revoked');
    expect(await code({ ...settings, knownHosts: undefined })).toBe('ssh.host-key-revoked');
  });

  test.each(['list', 'key', 'sha1', 'sha256'])(
    'in a RevokedHostKeys file (%s) is refused, pinned or known',
    async (form) => {
      const made = async (key: KeyPair, name: string): Promise<string> => {
        if (form === 'list') return file(name, `# retired\n\n${key.line}\n`);
        return krl(name, spec(form, key));
      };
      const [theirs, ours] = [await made(stranger, `other-${form}`), await made(own, `own-${form}`)];
      expect(await code({ config: config(form, `RevokedHostKeys ${theirs}`) })).toBe('accepted');
      const settings = { config: config(form, `RevokedHostKeys ${ours}`) };
      const fault = await faultOf(connectSsh(settingsFor(sshd, settings), { deadline: within() }));
      expect(fault).toMatchObject({
        code: 'ssh.host-key-revoked',
        message: expect.stringContaining(`which ${ours} revokes`),
      });
      expect(await code({ ...settings, hostKey: own.fingerprint })).toBe('ssh.host-key-revoked');
    },
  );

  test('cannot be known where the file is not there, or is not one: nobody is let in', async () => {
    const whole = readFileSync(await krl('whole', spec('sha256', stranger)));
    const critical = Buffer.concat([whole, Buffer.from('ff0000000c00000003782d790100000000', 'hex')]);
    const other = Buffer.concat([whole, Buffer.from('2a00000000', 'hex')]);
    const unreadable: Readonly<Record<string, string>> = {
      missing: join(sshd.folder, 'no-such-file'),
      garbage: file('garbage', 'SHA256:abc\n'),
      cut: join(sshd.folder, 'cut'),
      critical: join(sshd.folder, 'critical'),
      other: join(sshd.folder, 'other'),
    };
    writeFileSync(unreadable.cut ?? '', whole.subarray(0, -3));
    writeFileSync(unreadable.critical ?? '', critical);
    writeFileSync(unreadable.other ?? '', other);
    for (const [name, path] of Object.entries(unreadable)) {
      const answer = await code({ config: config(name, `RevokedHostKeys ${path}`) });
      expect(answer, name).toBe('ssh.revoked-keys-unreadable');
    }
  });

  test('is told from others, in one KRL of two forms', async () => {
    const both = await krl('both', spec('sha256', own), spec('key', stranger));
    const third = await makeKey(join(sshd.folder, 'third'));
    const revoked = readRevokedKeys(both, 'test');
    const blob = ({ line }: KeyPair): Buffer => Buffer.from(bare(line).split(' ')[1] ?? '', 'base64');
    expect([own, stranger, third].map((key) => revoked(blob(key)))).toEqual([true, true, false]);
  });
});
