import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '../../../src/transport/programs.ts';
import type { SshSettings } from '../../../src/transport/ssh/settings.ts';
import { commandOf, descendants, end, freePort, kill, run, until } from './processes.ts';

export type KeyType = 'ed25519' | 'rsa' | 'ecdsa';

export interface KeyPair {
  readonly file: string;
  /** The line of its .pub file. */
  readonly line: string;
  /** 'SHA256:…' */
  readonly fingerprint: string;
}

/** A real sshd on 127.0.0.1 with its own host keys, configuration and authorized keys. */
export interface TestSshd {
  readonly folder: string;
  readonly port: number;
  readonly user: string;
  /** A key that it lets in. */
  readonly userKey: KeyPair;
  readonly hostKeys: readonly KeyPair[];
  /** A known_hosts file with its keys. */
  readonly knownHosts: string;
  log(): string;
  /** The sshd processes that serve connections; neither the main one nor what they have started. */
  sessions(): readonly number[];
  stop(): Promise<void>;
}

export interface SshdOptions {
  readonly hostKeys?: readonly KeyType[];
  /** Lines of sshd_config, before our own: the first value counts. */
  readonly config?: readonly string[];
  /** An account that exists for this sshd only, which then runs in a mount namespace of its own (root). */
  readonly account?: Account;
}

interface Account {
  readonly name: string;
  readonly password: string;
  /** The whole /etc/sudoers. */
  readonly sudoers?: readonly string[];
}

export async function startSshd(options: SshdOptions = {}): Promise<TestSshd> {
  const folder = mkdtempSync(join(tmpdir(), 'stillpoint-sshd-'));
  // Root's sshd wants its empty folder there.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  const types = options.hostKeys ?? ['ed25519'];
  const hostKeys = await Promise.all(types.map((type) => makeKey(join(folder, `host_${type}`), { type })));
  const userKey = await makeKey(join(folder, 'user'));
  writeFileSync(join(folder, 'authorized_keys'), `${userKey.line}\n`);
  const port = await freePort();
  const knownHosts = join(folder, 'known_hosts');
  writeFileSync(knownHosts, hostKeys.map((key) => `[127.0.0.1]:${port} ${bare(key.line)}\n`).join(''));
  const log = join(folder, 'log');
  const conf = join(folder, 'sshd_config');
  writeFileSync(
    conf,
    [
      ...(options.config ?? []),
      'ListenAddress 127.0.0.1',
      `Port ${port}`,
      ...hostKeys.map((key) => `HostKey ${key.file}`),
      `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
      'PidFile none',
      'StrictModes no',
      'UsePAM no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'MaxStartups 1000',
      'UseDNS no',
      // A bash that sshd starts reads the account's ~/.bashrc, unless it believes to be a nested one.
      'SetEnv SHLVL=1',
      'PrintMotd no',
      'LogLevel VERBOSE',
      '',
    ].join('\n'),
  );
  const sshd = [findProgram('sshd') ?? 'sshd', '-D', '-E', log, '-f', conf];
  const [program = '', ...args] =
    options.account === undefined ? sshd : await withAccount(folder, options.account, sshd);
  const child = spawn(program, args, { stdio: 'ignore' });
  const words = (): string => readFileSync(log, { encoding: 'utf8', flag: 'a+' });
  try {
    await until('sshd listens', () => {
      if (child.exitCode !== null) throw new Error(`sshd ended: ${words()}`);
      return words().includes('Server listening');
    });
  } catch (thrown) {
    await end(child);
    throw thrown;
  }
  return {
    folder,
    port,
    user: userInfo().username,
    userKey,
    hostKeys,
    knownHosts,
    log: words,
    sessions: () => descendants(child.pid ?? 0).filter((pid) => commandOf(pid)?.startsWith('sshd: ') === true),
    async stop() {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function withAccount(folder: string, account: Account, argv: readonly string[]): Promise<readonly string[]> {
  const { name, password, sudoers } = account;
  const hash = await run('perl', ['-e', 'print crypt(<STDIN>, q($6$stillpoint$))'], password);
  const passwd = readFileSync('/etc/passwd', 'utf8');
  writeFileSync(join(folder, 'passwd'), `${passwd}${name}:x:64999:64999::/tmp:/bin/sh\n`);
  writeFileSync(join(folder, 'shadow'), `${name}:${hash}:19000:0:99999:7:::\n`, { mode: 0o600 });
  if (sudoers !== undefined) writeFileSync(join(folder, 'sudoers'), `${sudoers.join('\n')}\n`, { mode: 0o440 });
  const files = ['passwd', 'shadow', ...(sudoers === undefined ? [] : ['sudoers'])];
  const mounts = files.map((file) => `mount --bind ${join(folder, file)} /etc/${file}`).join(' && ');
  return ['unshare', '-m', '--propagation', 'private', 'sh', '-c', `${mounts} && exec "$@"`, 'sh', ...argv];
}

/** Lets a key in as well. */
export function allow(sshd: TestSshd, key: KeyPair): void {
  appendFileSync(join(sshd.folder, 'authorized_keys'), `${key.line}\n`);
}

export async function makeKey(
  file: string,
  options: { readonly type?: KeyType; readonly passphrase?: string; readonly format?: 'PEM' } = {},
): Promise<KeyPair> {
  const { type = 'ed25519', passphrase = '', format } = options;
  const bits = type === 'rsa' ? ['-b', '2048'] : [];
  const shape = format === undefined ? [] : ['-m', format];
  await run('ssh-keygen', ['-q', '-t', type, ...bits, ...shape, '-N', passphrase, '-C', 'test', '-f', file]);
  const line = readFileSync(`${file}.pub`, 'utf8').trim();
  const fingerprint = /SHA256:\S+/.exec(await run('ssh-keygen', ['-l', '-f', `${file}.pub`]))?.[0] ?? '';
  return { file, line, fingerprint };
}

/** 'ssh-ed25519 AAAA…', without the comment. */
export function bare(line: string): string {
  return line.split(' ').slice(0, 2).join(' ');
}

/** Kills the processes that serve an sshd's connections. */
export function dropSessions(sshd: TestSshd): void {
  for (const pid of sshd.sessions()) kill(pid, 'SIGKILL');
}

/** The settings of a login that works, and that reads nobody's ssh_config. */
export function settingsFor(sshd: TestSshd, other: Partial<SshSettings> = {}): SshSettings {
  return {
    host: '127.0.0.1',
    port: sshd.port,
    key: sshd.userKey.file,
    knownHosts: sshd.knownHosts,
    agent: false,
    config: false,
    ...other,
  };
}
