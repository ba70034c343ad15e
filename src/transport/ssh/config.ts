import { execa } from 'execa';
import type { Deadline } from '../../base/deadline.ts';
import { defined } from '../../base/defined.ts';
import { Fault } from '../../base/fault.ts';
import { quoted } from '../../base/quoted.ts';
import { findProgram, programEnvironment } from '../programs.ts';
import type { SshSettings } from './settings.ts';

/** What the OpenSSH client's configuration says of a host. Keys in lower case; a key can stand several times. */
export interface SshConfig {
  /** The ssh that was asked; undefined: there is none, and nothing is configured. */
  readonly program?: string;
  /** The last word on a key: undefined when absent or 'none'. */
  one(key: string): string | undefined;
  all(key: string): readonly string[];
}

export type Asked = Pick<SshSettings, 'host' | 'port' | 'user' | 'config'>;

/**
 * Asks `ssh -G`, so that Host, Match, Include and canonical names mean what they mean to ssh. It reads the home of the
 * account, not HOME: cron finds the same configuration as a login does.
 */
export async function sshConfig(asked: Asked, env: NodeJS.ProcessEnv, deadline: Deadline): Promise<SshConfig> {
  const program = findProgram('ssh', env);
  if (program === undefined && typeof asked.config === 'string') {
    throw new Fault({
      code: 'ssh.config',
      message: `${asked.host}: ssh.config names ${asked.config}, but there is no ssh on this machine to read it`,
      hint: 'Install openssh-client, or write port, user, key and jump into the topology.',
    });
  }
  if (program === undefined) return configOf('');
  const words = [
    ...(asked.config === undefined ? [] : ['-F', asked.config === false ? 'none' : asked.config]),
    ...(asked.port === undefined ? [] : ['-p', String(asked.port)]),
    ...(asked.user === undefined ? [] : ['-l', asked.user]),
  ];
  const answer = await execa(program, [...words, '-G', '--', asked.host], {
    env: { ...programEnvironment(env), LC_ALL: 'C' },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    cancelSignal: deadline.signal,
    forceKillAfterDelay: 500,
  });
  if (answer.isCanceled) throw deadline.signal.reason;
  if (answer.failed) {
    throw new Fault({
      code: 'ssh.config',
      message: `${asked.host}: ${program} -G cannot read its configuration: ${quoted(firstLine(answer.stderr))}`,
      hint: 'Mend the ssh_config, or name another file with ssh.config (false: read none).',
    });
  }
  return configOf(answer.stdout, program);
}

function configOf(text: string, program?: string): SshConfig {
  const found = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [key, ...rest] = line.trim().split(' ');
    if (key === undefined || rest.length === 0) continue;
    const values = found.get(key) ?? [];
    values.push(rest.join(' '));
    found.set(key, values);
  }
  const all = (key: string): readonly string[] => found.get(key) ?? [];
  return {
    ...defined({ program }),
    all,
    one(key) {
      const value = all(key).at(-1);
      return value === 'none' ? undefined : value;
    },
  };
}

function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
