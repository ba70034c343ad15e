import type { Deadline } from '../../base/deadline.ts';
import { asFault, Fault } from '../../base/fault.ts';
import { nameFor } from './known-hosts.ts';
import type { Hop } from './route.ts';

export type Stage = 'connect' | 'handshake' | 'login';

const UNREACHED = 'Look at the network and the firewalls between here and there; is the host up?';

/** No TCP connection. */
export function notReached(hop: Pick<Hop, 'label' | 'host' | 'port'>, error: Error): Fault {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const at = nameFor(hop.host, hop.port);
  const fault = (kind: string, truth: string, hint: string): Fault =>
    new Fault({ code: `ssh.${kind}`, message: `${hop.label}: ${truth}`, hint, cause: error });
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const now = code === 'EAI_AGAIN' ? ', because the name server does not answer' : '';
    return fault(
      'no-such-host',
      `the name ${hop.host} has no address${now}`,
      'Look at ssh.host and at the name server.',
    );
  }
  if (code === 'ECONNREFUSED') {
    return fault('refused', `nothing listens at ${at}`, 'Start sshd there, or correct ssh.port.');
  }
  return fault('unreachable', `no connection to ${at} (${code === '' ? error.message : code})`, UNREACHED);
}

/** The jump host does not connect us further. */
export function forwardRefused(from: Hop, to: Hop, why: string): Fault {
  return new Fault({
    code: 'ssh.jump-refused',
    message: `${to.label}: ${from.host} does not connect to ${nameFor(to.host, to.port)}: ${plain(why)}`,
    hint: `On ${from.host}, sshd needs AllowTcpForwarding and must reach ${to.host}.`,
  });
}

/** What the other side said, without the words that ssh2 puts before it. */
export function plain(said: string): string {
  return said.replace(/^\(SSH\) Channel open failure: /, '');
}

/** The time was over. A cancelled run says so itself. */
export function overdue(hop: Hop, stage: Stage, deadline: Deadline): Fault {
  const reason = asFault(deadline.signal.reason);
  if (reason.code !== 'deadline') return reason;
  const at = nameFor(hop.host, hop.port);
  const truth = {
    connect: `there was no TCP connection to ${at} in time`,
    handshake: `${at} did not say in time that it speaks SSH`,
    login: `the login as ${hop.user} at ${at} was not done in time`,
  };
  return new Fault({
    code: 'ssh.deadline',
    message: `${hop.label}: ${truth[stage]} (${reason.message})`,
    hint: stage === 'login' ? 'A login that hangs waits for PAM, DNS (UseDNS) or a full disk on the host.' : UNREACHED,
    cause: reason,
  });
}

/** The line ended before the login was done. `error` is ssh2's; undefined: the host closed it without a word. */
export function broken(hop: Hop, stage: Stage, error: Error | undefined): Fault {
  const said = error?.message ?? 'the host closed the connection';
  const fault = (code: string, truth: string, hint: string): Fault =>
    new Fault({ code, message: `${hop.label}: ${truth}`, hint, cause: error });
  if (/no matching/.test(said)) {
    return fault(
      'ssh.no-common-algorithm',
      `the host and we have no algorithm in common: ${said.replace('Handshake failed: ', '')}`,
      "Update the SSH server: what it offers is broken by today's measure (SHA-1, CBC), and is not offered by us.",
    );
  }
  if (/Too many authentication failures/.test(said)) {
    return fault(
      'ssh.too-many-keys',
      `the host gave up before the right key was tried as ${hop.user} (MaxAuthTries)`,
      'Set ssh.key: then only that key is tried, also of those in the agent.',
    );
  }
  if (stage === 'login') {
    return fault(
      'ssh.closed',
      `the host ended the login as ${hop.user}: ${said}`,
      "sshd's log on the host says why: AllowUsers, a locked account, a full disk.",
    );
  }
  return fault(
    'ssh.closed',
    `${nameFor(hop.host, hop.port)} ended the connection before it was an SSH one: ${said}`,
    'Is that an SSH server? MaxStartups, hosts.deny and fail2ban do this as well.',
  );
}
