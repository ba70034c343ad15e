import { spawn } from 'node:child_process';
import type { Shell } from '../../../src/ports.ts';
import { dialogue } from '../../../src/transport/dialogue.ts';
import { localShell } from '../../../src/transport/local.ts';
import { quote } from '../../../src/transport/quote.ts';
import type { LabGuest } from './guest.ts';

/** A guest's shell through OpenSSH's client: a second implementation of the far side, and a process that can be killed. */
export function clientShell(guest: LabGuest): Shell & { kill(): void } {
  const { key, port, user = 'root', knownHosts } = guest.ssh;
  const options = [
    '-F',
    'none',
    '-i',
    key,
    '-p',
    String(port),
    '-o',
    'BatchMode=yes',
    '-o',
    `UserKnownHostsFile=${knownHosts}`,
  ];
  const argv = (words: readonly string[]): string[] => [...options, `${user}@127.0.0.1`, quote(words)];
  const pids: number[] = [];
  return {
    where: guest.name,
    run: (words, rest) => localShell().run(['ssh', ...argv(words)], rest),
    async start(words) {
      const child = spawn('ssh', argv(words), { stdio: 'pipe' });
      if (child.pid !== undefined) pids.push(child.pid);
      const ended = new Promise<{ exit: number | null; why: string }>((resolve) => {
        child.on('close', (exit, signal) =>
          resolve({ exit, why: signal === null ? `exit ${exit}` : `killed by ${signal}` }),
        );
      });
      const { stdin, stdout, stderr } = child;
      return dialogue({
        stdin,
        stdout,
        stderr,
        ended,
        close: () => void child.kill('SIGKILL'),
        leftAs: 'it was killed',
      });
    },
    async close() {},
    kill: () => {
      for (const pid of pids) process.kill(pid, 'SIGKILL');
    },
  };
}
