import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { beforeDeadline, type Deadline } from '../base/deadline.ts';
import { asFault, Fault } from '../base/fault.ts';
import type { TrustingAgent } from './trust.ts';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/**
 * Asks, and asks again only where a kept connection turned out to be closed before anything was answered: nothing that
 * is asked of vSphere here does harm when it is heard twice. The body is read by the caller; both obey the deadline.
 */
export async function ask(via: TrustingAgent, url: URL, question: Question, limit: Deadline): Promise<IncomingMessage> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A request that has no connection yet does not obey its signal.
      return await beforeDeadline(once(via, url, question, limit), limit);
    } catch (error) {
      if (error instanceof StaleConnection && attempt < 3) continue;
      throw connectionFault(error instanceof StaleConnection ? error.cause : error, url, limit);
    }
  }
}

/** The server had closed a connection that we kept: nothing of this question was answered. */
class StaleConnection extends Error {}

function once(via: TrustingAgent, url: URL, question: Question, limit: Deadline): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const body = question.body === undefined ? undefined : Buffer.from(question.body, 'utf8');
    const outgoing = request(url, {
      agent: via.agent,
      method: question.method,
      signal: limit.signal,
      headers: { ...question.headers, ...(body === undefined ? {} : { 'Content-Length': body.length }) },
    });
    outgoing.once('response', resolve);
    outgoing.once('error', (error) => {
      const stale = outgoing.reusedSocket && 'code' in error && error.code === 'ECONNRESET';
      reject(stale ? new StaleConnection('closed', { cause: error }) : error);
    });
    outgoing.end(body);
  });
}

/** Nine times what all of 10,000 VMs take in one answer; a server that never ends one is not read for ever. */
const LARGEST_ANSWER_BYTES = 512 * 1024 * 1024;

/** Text of the answer, piece by piece. A broken or late connection is a Fault. */
export async function* pieces(answer: IncomingMessage, url: URL, limit: Deadline): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let bytes = 0;
  try {
    for await (const chunk of answer) {
      bytes += chunk.length;
      if (bytes > LARGEST_ANSWER_BYTES) throw tooLarge(url);
      yield decoder.decode(chunk, { stream: true });
    }
    yield decoder.decode();
  } catch (error) {
    throw error instanceof TypeError ? notUtf8(url, error) : connectionFault(error, url, limit);
  }
}

function tooLarge(url: URL): Fault {
  return new Fault({
    code: 'vsphere.too-large',
    message: `${url.host}: the answer is larger than ${LARGEST_ANSWER_BYTES / 1024 / 1024} MiB, and was not read further`,
    hint: 'Check with a browser what answers at this address.',
  });
}

function notUtf8(url: URL, cause: Error): Fault {
  return new Fault({ code: 'vsphere.malformed', message: `${url.host}: the answer is not UTF-8`, cause });
}

/** The beginning of an answer, for a message; the rest is not read. */
export async function beginning(answer: IncomingMessage, url: URL, limit: Deadline): Promise<string> {
  let text = '';
  for await (const piece of pieces(answer, url, limit)) {
    text += piece;
    if (text.length > 20_000) break;
  }
  return text;
}

function connectionFault(error: unknown, url: URL, limit: Deadline): Fault {
  if (limit.signal.aborted) return overdue(limit);
  if (error instanceof Fault) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const port = url.port === '' ? '443' : url.port;
  const fault = (what: string, message: string, hint: string): Fault =>
    new Fault({ code: `vsphere.${what}`, message, hint, cause: error });
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return fault('unknown-name', `${url.hostname}: no address is known for this name`, 'Check the name and the DNS.');
    case 'ECONNREFUSED':
      return fault(
        'refused',
        `${url.hostname}: nothing listens on port ${port}`,
        'See whether vCenter is up there; if it is, correct the port in vsphere.url.',
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
        `${url.host}: the connection broke${code === '' ? '' : ` (${code})`}`,
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
