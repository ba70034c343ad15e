import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../src/transport/programs.ts';
import { end, run, until } from './processes.ts';

/** A real ssh-agent. */
export interface TestAgent {
  readonly socket: string;
  add(...files: readonly string[]): Promise<void>;
  addWith(passphrase: string, file: string): Promise<void>;
  empty(): Promise<void>;
  stop(): Promise<void>;
}

export async function startAgent(): Promise<TestAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-agent-'));
  const socket = join(folder, 'socket');
  const child: ChildProcess = spawn(findProgram('ssh-agent') ?? 'ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  await until('the agent listens', () => existsSync(socket));
  return {
    socket,
    async add(...files) {
      await run('env', [`SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-q', ...files]);
    },
    async addWith(passphrase, file) {
      const ask = join(folder, 'ask');
      writeFileSync(ask, `#!/bin/sh\necho '${passphrase}'\n`, { mode: 0o700 });
      const env = [`SSH_AUTH_SOCK=${socket}`, `SSH_ASKPASS=${ask}`, 'SSH_ASKPASS_REQUIRE=force'];
      await run('env', [...env, 'ssh-add', '-q', file]);
    },
    async empty() {
      await run('env', [`SSH_AUTH_SOCK=${socket}`, 'ssh-add', '-q', '-D']);
    },
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
