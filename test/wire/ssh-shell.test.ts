import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { type Deadline, deadline } from '../../src/base/deadline.ts';
import type { Shell } from '../../src/ports.ts';
import { connectSsh, type SshSettings } from '../../src/transport/ssh.ts';
import { needs } from '../needs.ts';
import { startSshd, type TestSshd } from './kit/sshd.ts';

const within = (ms = 20_000): Deadline => deadline(systemClock, ms, 'the test');

needs('sshd', 'ssh')('a shell on a real sshd', () => {
  let sshd: TestSshd;
  let shell: Shell;
  const settings = (): SshSettings => ({
    host: '127.0.0.1',
    port: sshd.port,
    key: sshd.userKey.file,
    knownHosts: sshd.knownHosts,
    config: 'none',
  });

  beforeAll(async () => {
    sshd = await startSshd();
    shell = await connectSsh(settings(), { deadline: within() });
  });
  afterAll(async () => {
    await shell?.close();
    await sshd?.stop();
  });

  test('gives exit code, standard output and standard error apart', async () => {
    const answer = await shell.run(['sh', '-c', 'echo out; echo err >&2; exit 3'], { deadline: within() });
    expect(answer).toEqual({ exit: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  test('speaks with a program in lines', async () => {
    const talk = await shell.start(['cat'], within());
    const lines: string[] = [];
    talk.onLine((line) => {
      lines.push(line);
      talk.end();
    });
    talk.send('ping');
    expect(await talk.ended).toEqual({ exit: 0, stderr: '', why: 'exit 0' });
    expect(lines).toEqual(['ping']);
  });
});
