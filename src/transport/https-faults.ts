import type { Deadline } from '../base/deadline.ts';
import { asFault, Fault } from '../base/fault.ts';
import type { Trusting } from './tls-trust.ts';

type Server = Pick<Trusting, 'url' | 'peer'>;

export function tooLarge({ url, peer }: Server, largestBytes: number): Fault {
  return new Fault({
    code: `${peer.kind}.too-large`,
    message: `${url.host}: the answer is larger than ${largestBytes / 1024 / 1024} MiB, and was not read further`,
    hint: 'Check with a browser what answers at this address.',
  });
}

export function notUtf8({ url, peer }: Server, cause: unknown): Fault {
  return new Fault({ code: `${peer.kind}.malformed`, message: `${url.host}: the answer is not UTF-8`, cause });
}

/** Why a question was not answered, or not to its end. Headers and bodies are in none of these. */
export function connectionFault(error: unknown, { url, peer }: Server, limit: Deadline): Fault {
  if (limit.signal.aborted) return overdue(limit);
  if (error instanceof Fault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const port = url.port === '' ? '443' : url.port;
  const fault = (what: string, message: string, hint: string): Fault =>
    // An error of the parser carries a piece of the answer, which may hold a session.
    new Fault({ code: `${peer.kind}.${what}`, message, hint, ...(code.startsWith('HPE_') ? {} : { cause: error }) });
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return fault('unknown-name', `${url.hostname}: no address is known for this name`, 'Check the name and the DNS.');
    case 'ECONNREFUSED':
      return fault(
        'refused',
        `${url.hostname}: nothing listens on port ${port}`,
        `See whether ${peer.name} is up there; if it is, correct the port in ${peer.written.url}.`,
      );
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'ETIMEDOUT':
      return fault('unreachable', `${url.hostname}: cannot be reached on port ${port}`, 'Check route and firewall.');
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
      return fault('not-tls', `${url.hostname}: port ${port} does not speak TLS`, 'Name the port that serves https.');
    default:
      return fault(
        'connection-lost',
        `${url.host}: the connection broke${code === '' || code.startsWith('UND_') ? '' : ` (${code})`}`,
        'Try again; if it stays, look at the server and at what stands in between.',
      );
  }
}

/** Which call it was, also where the time of all of them together is over. */
function overdue(limit: Deadline): Fault {
  const reason = asFault(limit.signal.reason);
  if (reason.code !== 'deadline' || reason.message.startsWith(limit.label)) return reason;
  return new Fault({ code: 'deadline', message: `${limit.label}: no answer yet. ${reason.message}`, cause: reason });
}
