import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { deadline } from '../../src/base/deadline.ts';
import { Fault } from '../../src/base/fault.ts';
import type { Shell } from '../../src/ports.ts';
import type { SshSettings } from '../../src/transport/ssh/settings.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { patient } from '../patience.ts';
import { end, freePort } from './kit/processes.ts';
import { type Relay, startMute, startRelay } from './kit/relay.ts';
import { faultOf, within } from './kit/shell-suite.ts';
import { dropSessions, makeKey, settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

needs('sshd', 'ssh')('a line that is lost', () => {
  let sshd: TestSshd;
  let relay: Relay;
  let shell: Shell;

  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());
  afterEach(async () => {
    await shell?.close();
    await relay?.stop();
  });

  async function connect(other: Partial<SshSettings> = {}): Promise<void> {
    relay = await startRelay({ port: sshd.port });
    const hostKey = sshd.hostKeys[0]?.fingerprint;
    shell = await connectSsh(settingsFor(sshd, { port: relay.port, hostKey, ...other }), { deadline: within() });
  }

  test('because the host ended it, ends what runs, with that as the reason', async () => {
    await connect();
    const talk = await shell.start(['cat'], within());
    const running = shell.run(['sh', '-c', 'echo begun; sleep 20'], { deadline: within() });
    await new Promise((resolve) => setTimeout(resolve, 500));
    dropSessions(sshd);
    // A word can fall into any moment of the end, and none of them may throw.
    const talking = setInterval(() => talk.send('word'), 0);
    void talk.ended.then(() => setTimeout(() => clearInterval(talking), 50));
    // Whichever comes first: its word that it ends, or a write of ours that nobody takes any more.
    const why = expect.stringMatching(
      /^127\.0\.0\.1 closed the connection$|^the line to 127\.0\.0\.1 was lost: write EPIPE$/,
    );
    expect(await talk.ended).toEqual({ exit: null, stderr: '', why });
    expect(await running).toEqual({ exit: null, stdout: 'begun\n', stderr: why });
  });

  test('because the network reset it, says so', async () => {
    await connect();
    const talk = await shell.start(['cat'], within());
    relay.cut();
    expect((await talk.ended).why).toBe('the line to 127.0.0.1 was lost: read ECONNRESET');
  });

  test('in silence is found by the keep-alives, in about eight seconds', async () => {
    await connect();
    const talk = await shell.start(['cat'], within());
    const before = performance.now();
    relay.pause();
    expect((await talk.ended).why).toBe('the line to 127.0.0.1 was lost: nothing was heard for 8 s');
    expect(performance.now() - before).toBeGreaterThan(5000);
    // Words to the dead are lost without an error.
    talk.send('anybody?');
    talk.end();
  });

  test('and came back before it was given up was never lost', async () => {
    await connect({ keepAlive: '500ms' });
    const talk = await shell.start(['cat'], within());
    const heard: string[] = [];
    talk.onLine((line) => {
      heard.push(line);
      talk.end();
    });
    relay.pause();
    talk.send('still here?');
    await new Promise((resolve) => setTimeout(resolve, 700));
    relay.resume();
    expect(await talk.ended).toMatchObject({ exit: 0, why: 'exit 0' });
    expect(heard).toEqual(['still here?']);
  });

  test('starts nothing more', async () => {
    await connect();
    const talk = await shell.start(['cat'], within());
    relay.cut();
    await talk.ended;
    expect(await faultOf(shell.run(['true'], { deadline: within() }))).toMatchObject({
      code: 'command.not-started',
      message: expect.stringMatching(/^127\.0\.0\.1: true was not started: /),
    });
  });

  test('while a command was being started leaves open whether it runs', async () => {
    await connect({ keepAlive: '200ms' });
    relay.pause();
    expect(await faultOf(shell.run(['reboot'], { deadline: within() }))).toMatchObject({
      code: 'ssh.line-lost',
      message:
        '127.0.0.1: nobody knows whether reboot was started: ' +
        'the line to 127.0.0.1 was lost: nothing was heard for 0.8 s',
    });
  });

  test('too slowly for a deadline leaves open whether the command runs', async () => {
    await connect();
    relay.pause();
    expect(await faultOf(shell.run(['reboot'], { deadline: within(300) }))).toMatchObject({
      code: 'command.deadline',
      message:
        '127.0.0.1: reboot did not end in time (the test: no answer within 300 ms); it may still be running there',
    });
  });

  test('by our own closing ends what runs, and may be asked for twice', async () => {
    await connect();
    const talk = await shell.start(['sleep', '20'], within());
    await Promise.all([shell.close(), shell.close()]);
    expect((await talk.ended).exit).toBeNull();
    await shell.close();
  });

  test('by our own closing is left standing where nobody answers the farewell', async () => {
    await connect();
    relay.pause();
    await shell.close();
  });
});

needs('ssh', 'python3')('a host whose answer never comes', () => {
  /** Listens, and lets nobody in: when its queue is full, the kernel answers no further attempt to connect. */
  const LISTEN = `
import socket, sys
s = socket.socket()
s.bind(('127.0.0.1', 0))
s.listen(0)
print(s.getsockname()[1], flush=True)
sys.stdin.read()`;

  test('ends with the deadline, or with the ConnectTimeout of the ssh_config', async () => {
    const child = spawn('python3', ['-c', LISTEN], { stdio: ['pipe', 'pipe', 'inherit'] });
    onTestFinished(() => end(child));
    const port = Number(String(await once(child.stdout, 'data')));
    const queue = [1, 2, 3].map(() => connectTcp({ host: '127.0.0.1', port }).on('error', () => {}));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const folder = mkdtempSync(join(tmpdir(), 'stillpoint-line-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const key = await makeKey(join(folder, 'key'));
    const config = join(folder, 'config');
    writeFileSync(config, 'ConnectTimeout 1\n');
    const settings = { host: '127.0.0.1', port, key: key.file, hostKey: key.fingerprint, agent: false } as const;
    expect(await faultOf(connectSsh({ ...settings, config: false }, { deadline: within(500) }))).toMatchObject({
      code: 'ssh.deadline',
      message: `127.0.0.1: there was no TCP connection to [127.0.0.1]:${port} in time (the test: no answer within 500 ms)`,
    });
    expect((await faultOf(connectSsh({ ...settings, config }, { deadline: within() }))).message).toBe(
      `127.0.0.1: there was no TCP connection to [127.0.0.1]:${port} in time ` +
        '(ConnectTimeout of 127.0.0.1: no answer within 1 s)',
    );
    for (const socket of queue) socket.destroy();
  });
});

needs('sshd', 'ssh')('a host that cannot be spoken to', () => {
  let sshd: TestSshd;
  beforeAll(async () => {
    sshd = await startSshd();
  });
  afterAll(() => sshd?.stop());

  const failing = (port: number, ms: number, other: Partial<SshSettings> = {}): Promise<Fault> =>
    faultOf(connectSsh(settingsFor(sshd, { port, ...other }), { deadline: within(ms) }));

  test('because nothing listens', async () => {
    const port = await freePort();
    expect(await failing(port, 20_000)).toMatchObject({
      code: 'ssh.refused',
      message: `127.0.0.1: nothing listens at [127.0.0.1]:${port}`,
    });
  });

  test('because it never says a word', async () => {
    const mute = await startMute();
    onTestFinished(() => mute.stop());
    expect(await failing(mute.port, 400)).toMatchObject({
      code: 'ssh.deadline',
      message: `127.0.0.1: [127.0.0.1]:${mute.port} did not say in time that it speaks SSH (the test: no answer within 400 ms)`,
    });
  });

  test('because it speaks another language', async () => {
    const other = await startMute('220 mail.corp.example ESMTP\r\n'.repeat(50));
    onTestFinished(() => other.stop());
    expect(await failing(other.port, 500)).toMatchObject({ code: 'ssh.deadline' });
  });

  test('because it closes at once', async () => {
    const closing = await startMute('SSH-2.0-OpenSSH_9.2\r\n', 'close');
    onTestFinished(() => closing.stop());
    expect(await failing(closing.port, 20_000)).toMatchObject({
      code: 'ssh.closed',
      message: expect.stringMatching(/ended the connection before it was an SSH one: /),
    });
  });

  test.each([
    ['KexAlgorithms diffie-hellman-group14-sha1'],
    ['Ciphers aes128-cbc'],
    ['Ciphers aes128-ctr', 'MACs hmac-sha1'],
    ['HostKeyAlgorithms ssh-rsa'],
  ])('because all that it offers is out of date: %s %s', async (...config) => {
    const old = await startSshd({ hostKeys: ['rsa'], config });
    onTestFinished(() => old.stop());
    const fault = await faultOf(connectSsh(settingsFor(old), { deadline: within() }));
    expect(fault).toMatchObject({
      code: 'ssh.no-common-algorithm',
      message: expect.stringMatching(/^127\.0\.0\.1: the host and we have no algorithm in common: no matching /),
    });
  });

  test('because the login hangs there', async () => {
    const user = userInfo().username;
    const slow = await startSshd({
      config: ['AuthorizedKeysCommand /bin/sleep 20', `AuthorizedKeysCommandUser ${user}`],
    });
    onTestFinished(() => slow.stop());
    // sshd asks the command only for a key that the file does not hold.
    const key = slow.hostKeys[0]?.file;
    const fault = await faultOf(connectSsh(settingsFor(slow, { key }), { deadline: within(1000) }));
    expect(fault).toMatchObject({
      code: 'ssh.deadline',
      message:
        `127.0.0.1: the login as ${user} at [127.0.0.1]:${slow.port} was not done in time ` +
        '(the test: no answer within 1 s)',
    });
  });

  test('because the run was interrupted: then that is the reason', async () => {
    const mute = await startMute();
    onTestFinished(() => mute.stop());
    const control = new AbortController();
    const limit = deadline(systemClock, patient(20_000), 'the test', control.signal);
    const connecting = connectSsh(settingsFor(sshd, { port: mute.port }), { deadline: limit });
    setTimeout(() => control.abort(new Fault({ code: 'interrupted', message: 'SIGINT' })), 200);
    expect(await faultOf(connecting)).toMatchObject({ code: 'interrupted', message: 'SIGINT' });
  });
});
