import type { Deadline } from '../base/deadline.ts';
import { asFault, Fault } from '../base/fault.ts';
import type { Trusting } from './tls-trust.ts';

/** Who was asked, and for which path: without its query, which may hold what must not be printed. */
export interface Asking extends Pick<Trusting, 'url' | 'peer'> {
  readonly path: string;
}

const BROWSE = 'Check with a browser what answers at this address.';

export function tooLarge({ url, peer, path }: Asking, largestBytes: number): Fault {
  return new Fault({
    code: `${peer.kind}.too-large`,
    message: `${url.host}${path}: the answer is larger than ${largestBytes / 1024 / 1024} MiB, and was not read further`,
    hint: BROWSE,
  });
}

export function notUtf8({ url, peer, path }: Asking, cause: unknown): Fault {
  return new Fault({ code: `${peer.kind}.malformed`, message: `${url.host}${path}: the answer is not UTF-8`, cause });
}

/** Why a question was not answered, or not to its end. Headers and bodies are in none of these. */
export function connectionFault(error: unknown, { url, peer, path }: Asking, limit: Deadline): Fault {
  if (limit.signal.aborted) return overdue(limit);
  if (error instanceof Fault) return error;
  if (error instanceof Error && error.name === 'HTTPParserError') {
    // Not its cause: that holds a piece of the answer, in which a session may stand.
    const message = `${url.host}${path}: the answer is not HTTP`;
    return new Fault({ code: `${peer.kind}.not-http`, message, hint: BROWSE });
  }
  const fault = (what: string, message: string, hint: string): Fault =>
    new Fault({ code: `${peer.kind}.${what}`, message, hint, cause: error });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const port = url.port === '' ? '443' : url.port;
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
        `${url.host}${path}: the connection broke${code === '' || code.startsWith('UND_') ? '' : ` (${code})`}`,
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
