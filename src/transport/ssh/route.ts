import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Deadline } from '../../base/deadline.ts';
import { defined } from '../../base/defined.ts';
import { Fault } from '../../base/fault.ts';
import { type SshConfig, sshConfig } from './config.ts';
import { nameFor } from './known-hosts.ts';
import type { SshSettings } from './settings.ts';

/** One host on the way, with everything that is needed to reach it and to know it. */
export interface Hop {
  /** The name that people gave it, for messages; a jump host says for whom. */
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** The name that its key is filed under. */
  readonly keyName: string;
  readonly knownHosts: readonly string[];
  /** The topology names the files: then they must be there. */
  readonly knownHostsChosen: boolean;
  readonly pin: string | undefined;
  /** OpenSSH's own known_hosts files: what they revoke is revoked, whatever else the topology trusts. */
  readonly usualKnownHosts: readonly string[];
  /** OpenSSH's RevokedHostKeys. */
  readonly revokedKeys: string | undefined;
  /** The topology's key: it must be usable, and no other is tried. */
  readonly key: string | undefined;
  /** Key files that OpenSSH would try; those that are not there do not matter. */
  readonly usualKeys: readonly string[];
  /** Offer only the agent's keys that are among the key files. */
  readonly onlyThese: boolean;
  readonly agent: AgentChoice;
  readonly family: 0 | 4 | 6;
  /** For the TCP connection alone; undefined: as long as the deadline. */
  readonly connectMs: number | undefined;
  readonly settings: SshSettings;
}

type AgentChoice =
  /** `chosen`: the topology says so; then it must answer. */
  | { readonly socket: string; readonly chosen: boolean }
  /** Why there is none, for the message. */
  | { readonly none: string };

/** OpenSSH's own order, for machines without ssh(1). */
const USUAL_KEYS = ['~/.ssh/id_ed25519', '~/.ssh/id_ecdsa', '~/.ssh/id_rsa'];
const USUAL_KNOWN_HOSTS = ['~/.ssh/known_hosts', '/etc/ssh/ssh_known_hosts'];

/** The way to a host, nearest first, the host itself last. A jump host is a host like any other, with its own config. */
export async function route(
  settings: SshSettings,
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
): Promise<readonly Hop[]> {
  return travel(settings, env, deadline, []);
}

async function travel(
  settings: SshSettings,
  env: NodeJS.ProcessEnv,
  deadline: Deadline,
  behind: readonly Hop[],
): Promise<readonly Hop[]> {
  const config = await sshConfig(settings, env, deadline);
  const hop = hopOf(settings, config, env, behind);
  const loop = [hop, ...behind];
  if (behind.some((other) => other.host === hop.host && other.port === hop.port)) {
    const path = loop.map((one) => nameFor(one.host, one.port)).join(' for ');
    throw new Fault({
      code: 'ssh.jump-loop',
      message: `${loop.at(-1)?.label}: the jump hosts go in a circle: ${path}`,
      hint: 'Look at ssh.jump, and at ProxyJump in the ssh_config.',
    });
  }
  const jump = settings.jump ?? config.one('proxyjump');
  if (jump === undefined || jump === 'none') {
    const command = settings.jump === undefined ? config.one('proxycommand') : undefined;
    if (command !== undefined) throw proxyCommand(hop, config);
    return [hop];
  }
  const before = jump.split(',').map((one) => one.trim());
  const last = parseJump(before.at(-1) ?? '', hop);
  const rest = before.slice(0, -1).join(',');
  // What identifies us and what we trust goes for the way as well; what names one host does not, nor does its password.
  const { passphrase, agent, knownHosts, config: file, keepAlive } = settings;
  const inherited = { passphrase, agent, knownHosts, config: file, keepAlive };
  const nearer = { ...inherited, ...last, ...(rest === '' ? {} : { jump: rest }) };
  return [...(await travel(nearer, env, deadline, loop)), hop];
}

function hopOf(settings: SshSettings, config: SshConfig, env: NodeJS.ProcessEnv, behind: readonly Hop[]): Hop {
  const host = config.one('hostname') ?? settings.host;
  const port = settings.port ?? Number(config.one('port') ?? 22);
  const user = settings.user ?? config.one('user') ?? userInfo().username;
  const tokens: Tokens = { host, port, user, name: settings.host };
  const paths = (values: readonly string[]): readonly string[] => values.map((value) => expand(value, tokens, env));
  const chosen = settings.knownHosts === undefined ? undefined : [settings.knownHosts].flat();
  const configured = ['userknownhostsfile', 'globalknownhostsfile'].flatMap((key) =>
    (config.one(key) ?? '').split(' ').filter((file) => file !== ''),
  );
  const usual = paths(config.program === undefined ? USUAL_KNOWN_HOSTS : configured);
  const revokedKeys = config.one('revokedhostkeys');
  const identities = config.program === undefined ? USUAL_KEYS : config.all('identityfile');
  // A jump host may know the key that the topology has for the host behind it, but its own come from its own config.
  const carried = behind.flatMap((hop) => hop.key ?? []);
  const connectSeconds = Number(config.one('connecttimeout'));
  return {
    label: [settings.host, ...behind.slice(-1).map((hop) => `(jump host for ${hop.label})`)].join(' '),
    host,
    port,
    user,
    keyName: config.one('hostkeyalias') ?? host,
    knownHosts: chosen === undefined ? usual : paths(chosen),
    knownHostsChosen: chosen !== undefined,
    pin: settings.hostKey,
    usualKnownHosts: usual,
    revokedKeys: revokedKeys === undefined ? undefined : expand(revokedKeys, tokens, env),
    key: settings.key === undefined ? undefined : expand(settings.key, tokens, env),
    usualKeys: [...carried, ...paths(identities.filter((file) => file !== 'none'))],
    onlyThese: config.one('identitiesonly') === 'yes',
    agent: agentOf(settings, config, tokens, env),
    family: family(config.one('addressfamily')),
    connectMs: connectSeconds > 0 ? connectSeconds * 1000 : undefined,
    settings,
  };
}

function agentOf(settings: SshSettings, config: SshConfig, tokens: Tokens, env: NodeJS.ProcessEnv): AgentChoice {
  const { agent } = settings;
  if (agent === false) return { none: 'ssh.agent is false' };
  if (typeof agent === 'string') return { socket: expand(agent, tokens, env), chosen: true };
  const written = config.all('identityagent').at(-1);
  if (written === 'none') return { none: 'IdentityAgent is none in the ssh_config' };
  const named = written === undefined || written === 'SSH_AUTH_SOCK' ? env.SSH_AUTH_SOCK : expand(written, tokens, env);
  if (named !== undefined && named !== '') return { socket: named, chosen: agent === true };
  const none = 'SSH_AUTH_SOCK is not set; under cron it never is';
  if (agent !== true) return { none };
  throw new Fault({
    code: 'ssh.agent-missing',
    message: `${settings.host}: ssh.agent is true, but ${none}`,
    hint: "Write the agent's socket in ssh.agent, or use ssh.key.",
  });
}

interface Tokens {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly name: string;
}

/** `~`, `$VAR` and the percent signs of ssh_config(5) that a path can carry. */
function expand(written: string, tokens: Tokens, env: NodeJS.ProcessEnv): string {
  const home = userInfo().homedir || homedir();
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    d: home,
    h: tokens.host,
    n: tokens.name,
    p: String(tokens.port),
    r: tokens.user,
    u: userInfo().username,
    i: String(userInfo().uid),
  };
  const path = written
    .replace(/^~(?=\/|$)/, home)
    .replaceAll(/\$\{(\w+)\}|^\$(\w+)$/g, (_, braced?: string, bare?: string) => env[braced ?? bare ?? ''] ?? '')
    .replaceAll(/%(.)/g, (whole, letter: string) => values[letter] ?? whole);
  return path === '' || isAbsolute(path) ? path : join(process.cwd(), path);
}

function parseJump(written: string, hop: Hop): Pick<SshSettings, 'host' | 'port' | 'user'> {
  const parts = /^(?:ssh:\/\/)?(?:([^@\s]+)@)?(\[[^\]\s]+\]|[^:@\s[\]-][^:@\s[\]]*)(?::(\d+))?\/?$/.exec(written);
  if (parts === null) {
    throw new Fault({
      code: 'ssh.jump',
      message: `${hop.label}: '${written.replace(/^.*@/, '***@')}' is no jump host`,
      hint: 'Write [user@]host[:port], several with commas.',
    });
  }
  const [, user, host = '', port] = parts;
  return {
    host: host.replace(/^\[(.*)\]$/, '$1'),
    ...defined({ user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}

function proxyCommand(hop: Hop, config: SshConfig): Fault {
  return new Fault({
    code: 'ssh.proxy-command',
    message: `${hop.label}: the ssh_config has a ProxyCommand for this host, which is not supported`,
    hint:
      'Use ProxyJump there or ssh.jump in the topology; ssh.jump: none connects directly. ' +
      `Where it comes from: ${config.program} -v ${hop.settings.host}`,
  });
}

function family(written: string | undefined): 0 | 4 | 6 {
  if (written === 'inet') return 4;
  return written === 'inet6' ? 6 : 0;
}
