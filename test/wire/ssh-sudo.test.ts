import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, onTestFinished, test } from 'vitest';
import { Secret } from '../../src/base/secret.ts';
import type { Shell } from '../../src/ports.ts';
import { startHolder } from '../../src/quiesce/holder/start.ts';
import { findProgram } from '../../src/transport/programs.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { sudoed } from '../../src/transport/sudo.ts';
import { needs } from '../needs.ts';
import { faultOf, linesOf, within } from './kit/shell-suite.ts';
import { settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

needs(
  'root',
  'sshd',
  'ssh',
  'sudo',
  'unshare',
  'perl',
)('a shell over sudo', () => {
  let sshd: TestSshd;
  let plain: Shell;
  let shell: Shell;

  async function open(sudoers: readonly string[], config: readonly string[] = []): Promise<void> {
    const account = { name: 'guest', password: 'pw', sudoers };
    sshd = await startSshd({ account, config: ['PasswordAuthentication yes', ...config] });
    const settings = settingsFor(sshd, { key: sshd.hostKeys[0]?.file, user: 'guest', password: new Secret('pw') });
    plain = await connectSsh(settings, { deadline: within() });
    shell = sudoed(plain);
  }
  afterEach(async () => {
    await plain?.close();
    await sshd?.stop();
  });

  test('runs as root, with the arguments as they are', async () => {
    await open(['guest ALL=(root) NOPASSWD: ALL']);
    expect((await plain.run(['id', '-un'], { deadline: within() })).stdout).toBe('guest\n');
    expect((await shell.run(['id', '-un'], { deadline: within() })).stdout).toBe('root\n');
    expect((await shell.run(['printf', '%s', '-n', "it's"], { deadline: within() })).stdout).toBe("-nit's");
    expect((await shell.run(['sh', '-c', 'exit 4'], { deadline: within() })).exit).toBe(4);
    const talk = await shell.start(['sh', '-c', 'read word; echo "$(id -un) $word"'], within());
    talk.send('hello');
    expect(await linesOf(talk)).toEqual(['root hello']);
  });

  test('is asked for by the settings as well', async () => {
    await open(['guest ALL=(root) NOPASSWD: ALL']);
    const settings = settingsFor(sshd, { key: sshd.hostKeys[0]?.file, user: 'guest', password: new Secret('pw') });
    const root = await connectSsh({ ...settings, sudo: true }, { deadline: within() });
    expect((await root.run(['id', '-un'], { deadline: within() })).stdout).toBe('root\n');
    await root.close();
  });

  test('that asks for a password ends with the line that sudoers lacks', async () => {
    await open(['guest ALL=(root) ALL']);
    const fault = await faultOf(shell.run(['/usr/bin/id'], { deadline: within() }));
    expect(fault.code).toBe('sudo.password');
    expect(`${fault.message}. ${fault.hint}`).toMatchInlineSnapshot(
      `"127.0.0.1: sudo asks guest for a password to run /usr/bin/id. Add to /etc/sudoers.d/stillpoint on 127.0.0.1 (visudo -f): guest ALL=(root) NOPASSWD: /usr/bin/id"`,
    );
    const talk = await shell.start(['/usr/bin/id'], within());
    expect(await talk.ended).toMatchObject({ exit: 1, why: `${fault.message}. ${fault.hint}` });
  });

  test('that allows something else says so', async () => {
    await open([
      'guest ALL=(root) NOPASSWD: /usr/bin/true',
      'guest ALL=(root) PASSWD: /usr/bin/false',
      'Defaults !authenticate',
    ]);
    const fault = await faultOf(shell.run(['id'], { deadline: within() }));
    expect(`${fault.code}: ${fault.message}. ${fault.hint}`).toMatchInlineSnapshot(
      `"sudo.not-allowed: 127.0.0.1: sudo does not let guest run /usr/bin/id. Add to /etc/sudoers.d/stillpoint on 127.0.0.1 (visudo -f): guest ALL=(root) NOPASSWD: /usr/bin/id"`,
    );
  });

  test('never advises a line that would make the account root', async () => {
    await open(['guest ALL=(root) NOPASSWD: /usr/bin/true', 'Defaults !authenticate']);
    for (const program of ['sh', '/usr/bin/perl', 'python3', '/usr/bin/env', 'cp']) {
      const fault = await faultOf(shell.run([program], { deadline: within() }));
      expect(fault.hint).toMatch(/^Log in as root there, or allow guest all/);
    }
    const holder = await startHolder(plain, { holder: 'sent', sudo: true, form: 'perl' }, within());
    const fault = await faultOf(holder.session.ask(['probe'], ({ kind }) => kind === 'end', within()));
    expect(fault.message).toContain('stillpoint holder print --user guest --mounts PATHS');
    expect(fault.message).not.toContain('NOPASSWD');
  });

  test('that knows nothing of the account says so', async () => {
    await open(['root ALL=(ALL) ALL']);
    const fault = await faultOf(shell.run(['id'], { deadline: within() }));
    expect(`${fault.code}: ${fault.message}. ${fault.hint}`).toMatchInlineSnapshot(
      `"sudo.password: 127.0.0.1: sudo asks guest for a password to run /usr/bin/id. Add to /etc/sudoers.d/stillpoint on 127.0.0.1 (visudo -f): guest ALL=(root) NOPASSWD: /usr/bin/id"`,
    );
  });

  test('that wants a terminal says how to do without', async () => {
    await open(['Defaults requiretty', 'guest ALL=(root) NOPASSWD: ALL']);
    const fault = await faultOf(shell.run(['id'], { deadline: within() }));
    expect(`${fault.code}: ${fault.message}. ${fault.hint}`).toMatchInlineSnapshot(
      `"sudo.requiretty: 127.0.0.1: sudo serves guest only at a terminal (requiretty). Add to /etc/sudoers.d/stillpoint on 127.0.0.1 (visudo -f): Defaults:guest !requiretty"`,
    );
  });

  test('that is not installed says so', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-bin-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    chmodSync(folder, 0o755);
    for (const name of ['env', 'sh', 'id']) symlinkSync(findProgram(name) ?? name, join(folder, name));
    await open([], [`SetEnv PATH=${folder}`]);
    const fault = await faultOf(shell.run(['id'], { deadline: within() }));
    expect(`${fault.code}: ${fault.message}. ${fault.hint}`).toMatchInlineSnapshot(
      `"sudo.missing: 127.0.0.1: sudo is not installed. Install sudo there, or log in as root."`,
    );
  });

  test('tells the failure of a program from its own', async () => {
    await open(['guest ALL=(root) NOPASSWD: ALL']);
    const answer = await shell.run(['no-such-program'], { deadline: within() });
    expect(answer).toMatchObject({ exit: 1, stderr: expect.stringContaining('no-such-program') });
  });
});
