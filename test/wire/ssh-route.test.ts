import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Fault } from '../../src/base/fault.ts';
import type { Shell } from '../../src/ports.ts';
import type { SshSettings } from '../../src/transport/ssh/settings.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { faultOf, within } from './kit/shell-suite.ts';
import { startAgent } from './kit/ssh-agent.ts';
import { allow, bare, dropSessions, settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

needs('sshd', 'ssh')('the way to a host', () => {
  let target: TestSshd;
  let jump: TestSshd;
  let both: string;

  beforeAll(async () => {
    [target, jump] = await Promise.all([startSshd(), startSshd()]);
    allow(jump, target.userKey);
    both = join(target.folder, 'both');
    writeFileSync(both, readFileSync(target.knownHosts, 'utf8') + readFileSync(jump.knownHosts, 'utf8'));
  });
  afterAll(async () => {
    await target?.stop();
    await jump?.stop();
  });

  let files = 0;
  const config = (...lines: readonly string[]): string => {
    files += 1;
    const file = join(target.folder, `config_${files}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    return file;
  };
  const connect = (settings: Partial<SshSettings>): Promise<Shell> =>
    connectSsh(settingsFor(target, { knownHosts: both, ...settings }), { deadline: within() });
  /** How many connections the host saw that came from a host and a login that are right. */
  async function works(settings: Partial<SshSettings>): Promise<void> {
    const shell = await connect(settings);
    expect((await shell.run(['echo', 'there'], { deadline: within() })).stdout).toBe('there\n');
    await shell.close();
  }
  const fails = (settings: Partial<SshSettings>): Promise<Fault> => faultOf(connect(settings));
  const steady = (text: string): string =>
    text
      .replaceAll(target.folder, 'FOLDER')
      .replaceAll(jump.folder, 'JUMPFOLDER')
      .replaceAll(`127.0.0.1:${target.port}`, 'TARGET')
      .replaceAll(`[127.0.0.1]:${target.port}`, '[TARGET]')
      .replaceAll(`[127.0.0.1]:${jump.port}`, '[JUMP]')
      .replaceAll(/SHA256:\S{43}/g, 'SHA256:FINGERPRINT');
  const through = (): string => `127.0.0.1:${jump.port}`;

  test('leads through a jump host that is verified and logged in to like any other', async () => {
    const before = jump.log().length;
    await works({ jump: through() });
    expect(jump.log().slice(before)).toContain('Accepted publickey');
  });

  test('ends at a jump host whose key nobody knows, although the target is known', async () => {
    const fault = await fails({ jump: through(), knownHosts: target.knownHosts });
    expect(fault.code).toBe('ssh.host-key-unknown');
    expect(steady(fault.message)).toMatchInlineSnapshot(
      `"127.0.0.1 (jump host for 127.0.0.1): no known host key (looked in FOLDER/known_hosts); the host shows the ssh-ed25519 key SHA256:FINGERPRINT"`,
    );
  });

  test('ends at a target whose key nobody knows, although the jump host is known', async () => {
    const fault = await fails({ jump: through(), knownHosts: jump.knownHosts });
    expect(fault.code).toBe('ssh.host-key-unknown');
    expect(fault.message).toMatch(/^127\.0\.0\.1: no known host key/);
  });

  test('ends at a jump host that will not, or cannot, connect further', async () => {
    const closed = await startSshd({ config: ['AllowTcpForwarding no'] });
    onTestFinished(() => closed.stop());
    allow(closed, target.userKey);
    const hosts = [both, closed.knownHosts];
    const refused = await fails({ jump: `127.0.0.1:${closed.port}`, knownHosts: hosts });
    expect(refused.code).toBe('ssh.jump-refused');
    expect(steady(`${refused.message}. ${refused.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: 127.0.0.1 does not connect to [TARGET]: open failed. On 127.0.0.1, sshd needs AllowTcpForwarding and must reach 127.0.0.1."`,
    );
    const nobody = await fails({ jump: through(), port: 1 });
    expect(nobody.message).toContain('Connection refused');
  });

  test('leads through several, the nearest first', async () => {
    const second = await startSshd();
    onTestFinished(() => second.stop());
    allow(second, target.userKey);
    const seen = [jump.log().length, second.log().length];
    await works({ jump: `${through()},127.0.0.1:${second.port}`, knownHosts: [both, second.knownHosts] });
    expect(jump.log().slice(seen[0])).toContain('Accepted');
    expect(second.log().slice(seen[1])).toContain('Accepted');
  });

  test('that is lost on the way is lost for what runs at its end', async () => {
    const shell = await connect({ jump: through() });
    const talk = await shell.start(['cat'], within());
    dropSessions(jump);
    const why = (await talk.ended).why;
    expect(why).toBe('127.0.0.1 (jump host for 127.0.0.1) closed the connection');
    await shell.close();
  });

  test('that goes in a circle is refused', async () => {
    const file = config('Host a', '  ProxyJump b', 'Host b', '  ProxyJump a');
    const fault = await fails({ host: 'a', port: undefined, config: file });
    expect(fault.code).toBe('ssh.jump-loop');
    expect(steady(fault.message)).toMatchInlineSnapshot(`"a: the jump hosts go in a circle: a for b for a"`);
  });

  test('is what the ssh_config says of the host', async () => {
    const file = config(
      'Host mail01',
      '  HostName 127.0.0.1',
      `  Port ${target.port}`,
      `  User ${target.user}`,
      `  IdentityFile ${target.userKey.file}`,
      `  UserKnownHostsFile ${both}`,
      '  ProxyJump bastion',
      'Host bastion',
      '  HostName 127.0.0.1',
      `  Port ${jump.port}`,
      `  IdentityFile ${target.userKey.file}`,
      `  UserKnownHostsFile ${both}`,
    );
    const before = jump.log().length;
    const bare = { port: undefined, key: undefined, knownHosts: undefined };
    const shell = await connect({ ...bare, host: 'mail01', config: file });
    expect(shell.where).toBe('mail01');
    await shell.close();
    expect(jump.log().slice(before)).toContain('Accepted');
    // The topology's word is the last one.
    const again = jump.log().length;
    await works({ ...bare, host: 'mail01', config: file, jump: 'none' });
    expect(jump.log().slice(again)).toBe('');
    expect((await fails({ ...bare, host: 'mail01', config: file, port: 1, jump: 'none' })).code).toBe('ssh.refused');
    expect((await fails({ ...bare, host: 'mail01', config: file, knownHosts: jump.knownHosts })).message).toMatch(
      /^mail01: no known host key/,
    );
  });

  test('is the same under cron: no HOME, hardly a PATH', async () => {
    const file = config('Host mail01', '  HostName 127.0.0.1', `  Port ${target.port}`);
    const settings = settingsFor(target, { host: 'mail01', port: undefined, config: file });
    const shell = await connectSsh(settings, { deadline: within(), env: { PATH: '/nowhere' } });
    await shell.close();
  });

  test('takes the key of a jump host from its own part of the ssh_config', async () => {
    const other = await startSshd();
    onTestFinished(() => other.stop());
    const file = config(
      'Host bastion',
      '  HostName 127.0.0.1',
      `  Port ${other.port}`,
      `  IdentityFile ${other.userKey.file}`,
    );
    await works({ jump: 'bastion', config: file, knownHosts: [both, other.knownHosts] });
  });

  test('finds key files by the signs that ssh_config knows', async () => {
    copyFileSync(target.userKey.file, join(target.folder, `id_mail01_${target.user}_%`));
    const file = config('Host mail01', '  HostName 127.0.0.1', `  IdentityFile "${target.folder}/id_%n_%r_%%"`);
    await works({ host: 'mail01', key: undefined, config: file });
  });

  test('takes the known key by the name that HostKeyAlias gives', async () => {
    const [hostKey] = target.hostKeys;
    const hosts = join(target.folder, 'aliased');
    writeFileSync(hosts, `mail01-key ${bare(hostKey?.line ?? '')}\n`);
    const file = config('Host mail01', '  HostName 127.0.0.1', '  HostKeyAlias mail01-key');
    await works({ host: 'mail01', config: file, knownHosts: hosts });
  });

  test('offers only the configured keys where IdentitiesOnly says so', async () => {
    const agent = await startAgent();
    onTestFinished(() => agent.stop());
    await agent.add(jump.userKey.file, target.userKey.file);
    const lines = ['IdentitiesOnly yes', `IdentityFile ${target.userKey.file}`, `IdentityAgent ${agent.socket}`];
    const before = target.log().length;
    await works({ key: undefined, agent: undefined, config: config(...lines) });
    expect(target.log().slice(before)).not.toContain('Failed publickey');
  });

  test('through a ProxyCommand is refused, and the ways out are named', async () => {
    const fault = await fails({ config: config('ProxyCommand nc %h %p') });
    expect(fault.code).toBe('ssh.proxy-command');
    expect(steady(`${fault.message}. ${fault.hint}`)).toMatchInlineSnapshot(
      `"127.0.0.1: the ssh_config has a ProxyCommand for this host, which is not supported. Use ProxyJump there or ssh.jump in the topology; ssh.jump: none connects directly. Where it comes from: /usr/bin/ssh -v 127.0.0.1"`,
    );
    await works({ config: config('ProxyCommand nc %h %p'), jump: 'none' });
  });

  test('through an ssh_config that cannot be read is refused with the reason', async () => {
    const fault = await fails({ config: config('Nonsense yes') });
    expect(fault.code).toBe('ssh.config');
    expect(steady(fault.message)).toContain('127.0.0.1: /usr/bin/ssh -G cannot read its configuration');
    expect(fault.message).toContain('line 1: Bad configuration option: nonsense');
  });

  test.each(['bastion:port', '-oProxyCommand=x', 'a b', '@', ''])(
    'over the jump host %j is refused',
    async (written) => {
      const fault = await fails({ jump: written });
      expect(fault.code).toBe('ssh.jump');
    },
  );
});
