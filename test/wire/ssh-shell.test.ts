import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import type { Shell } from '../../src/ports.ts';
import { connectSsh } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { faultOf, linesOf, shellSuite, within } from './kit/shell-suite.ts';
import { settingsFor, startSshd, type TestSshd } from './kit/sshd.ts';

needs('sshd', 'ssh')('a shell on a real sshd', () => {
  let sshd: TestSshd;
  let shell: Shell;

  beforeAll(async () => {
    sshd = await startSshd();
    shell = await connectSsh(settingsFor(sshd), { deadline: within() });
  });
  afterAll(async () => {
    await shell?.close();
    await sshd?.stop();
  });

  shellSuite(() => shell);

  test('is called as the topology calls the host', () => {
    expect(shell.where).toBe('127.0.0.1');
  });

  test('carries all of it over one connection', () => {
    expect(sshd.log().match(/Accepted publickey/g)).toHaveLength(1);
  });

  test('a program that is not there is an answer: only the host knows', async () => {
    const answer = await shell.run(['no-such-program'], { deadline: within() });
    expect(answer.exit).toBe(127);
    expect(answer.stderr).toContain('no-such-program');
  });

  test('has no terminal', async () => {
    expect((await shell.run(['tty'], { deadline: within() })).stdout).toBe('not a tty\n');
  });
});

needs('sshd', 'ssh')('a host with room for few sessions', () => {
  let sshd: TestSshd;
  let shell: Shell;

  beforeAll(async () => {
    sshd = await startSshd({ config: ['MaxSessions 2'] });
    shell = await connectSsh(settingsFor(sshd), { deadline: within() });
  });
  afterAll(async () => {
    await shell?.close();
    await sshd?.stop();
  });

  test('runs one after the other what it has no room for', async () => {
    const many = Array.from({ length: 9 }, (_, index) => String(index));
    const answers = await Promise.all(many.map((word) => shell.run(['echo', word], { deadline: within() })));
    expect(answers.map((answer) => answer.stdout.trim())).toEqual(many);
  });

  test('what found no room in time was not started and never will be, and the fault says so', async () => {
    const talks = await Promise.all([0, 1].map(() => shell.start(['cat'], within())));
    const file = join(sshd.folder, 'touched');
    const faults = await Promise.all(
      [300, 310, 320, 330, 340].map((ms) => faultOf(shell.run(['touch', file], { deadline: within(ms) }))),
    );
    for (const talk of talks) talk.end();
    await Promise.all(talks.map((talk) => talk.ended));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(faults[0]).toMatchObject({
      code: 'command.not-started',
      message: '127.0.0.1: touch was not started in time (the test: no answer within 300 ms)',
    });
    expect(existsSync(file)).toBe(false);
  });
});

needs('sshd', 'ssh')('a host that lets nobody run a command', () => {
  test('is told from one that is away', async () => {
    const sshd = await startSshd({ config: ['MaxSessions 0'] });
    onTestFinished(() => sshd.stop());
    const shell = await connectSsh(settingsFor(sshd), { deadline: within() });
    const fault = await faultOf(shell.run(['true'], { deadline: within() }));
    expect(fault).toMatchObject({
      code: 'command.not-started',
      message: '127.0.0.1: true was not started: open failed',
    });
    await shell.close();
  });
});

needs('sshd', 'ssh')('a login whose start-up files talk', () => {
  test('is heard as lines before the program speaks, and harms nothing', async () => {
    // What ~/.bashrc does to a non-interactive login, without touching anybody's home.
    const noisy = 'echo welcome; echo motd >&2; eval "$SSH_ORIGINAL_COMMAND"';
    const sshd = await startSshd({ config: [`ForceCommand ${noisy}`, 'Banner /etc/hostname'] });
    onTestFinished(() => sshd.stop());
    const shell = await connectSsh(settingsFor(sshd), { deadline: within() });
    const answer = await shell.run(['printf', 'answer'], { deadline: within() });
    expect(answer).toEqual({ exit: 0, stdout: 'welcome\nanswer', stderr: 'motd\n' });
    expect(await linesOf(await shell.start(['echo', 'READY'], within()))).toEqual(['welcome', 'READY']);
    await shell.close();
  });
});
