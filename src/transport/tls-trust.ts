import { existsSync, readFileSync } from 'node:fs';
import { connect, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { Fault } from '../base/fault.ts';
import type { Peer } from './peer.ts';
import type { Trust } from './tls-settings.ts';

/** A server that speaks TLS, and why it is trusted. */
export interface Trusting {
  readonly url: URL;
  /** Absent: the system's CAs. */
  readonly trust?: Trust;
  readonly peer: Peer;
}

/** What undici asks of a connector: one socket, or the reason why there is none. */
type Connected = (...outcome: [null, TLSSocket] | [Error, null]) => void;

export interface Dialer {
  /** Hands a socket over only after its certificate was judged: no byte of a request goes to a server that is not trusted. */
  connect(options: unknown, done: Connected): void;
  /** 'SHA256:AB:CD:…' of the certificate that the server showed last; undefined before it showed one. */
  certificate(): string | undefined;
  /** Ends every connection, also those that are still being made. */
  close(): void;
}

/** A firewall that drops packets, or a server that never answers the handshake, must not block a connection for ever. */
const CONNECT_MS = 20_000;

/**
 * @param connectMs the longest time without any progress while a connection is made, in ms
 * @throws Fault `….ca-file` where the file of authorities cannot be used
 */
export function dialer({ url, trust, peer }: Trusting, connectMs = CONNECT_MS): Dialer {
  const secureContext = contextOf(trust, peer);
  const sockets = new Set<TLSSocket>();
  const host = url.hostname.replace(/^\[|\]$/g, '');
  let certificate: string | undefined;
  let closed = false;
  return {
    connect(_, done) {
      if (closed) return done(new Error('closed'), null);
      const socket = connect({
        host,
        port: url.port === '' ? 443 : Number(url.port),
        secureContext,
        // Judged below, in every mode: Node would end the connection before we could say whose certificate it saw.
        rejectUnauthorized: false,
        ...(isAddress(host) ? {} : { servername: host }),
      });
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const failed = (error: Error): void => {
        socket.destroy();
        done(error, null);
      };
      socket.once('error', failed);
      socket.setTimeout(connectMs, () => socket.destroy(timedOut()));
      socket.once('secureConnect', () => {
        certificate = `SHA256:${socket.getPeerCertificate().fingerprint256}`;
        socket.removeListener('error', failed);
        const refusal = judge(url.host, socket, trust, peer);
        if (refusal !== undefined) return failed(refusal);
        socket.setTimeout(0).setNoDelay(true);
        done(null, socket);
      });
    },
    certificate: () => certificate,
    close() {
      closed = true;
      for (const socket of sockets) socket.destroy(new Error('closed'));
    },
  };
}

function timedOut(): Error {
  return Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' });
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}

function contextOf(trust: Trust | undefined, peer: Peer): SecureContext {
  if (trust === undefined) return createSecureContext({ ca: [...rootCertificates, ...systemBundle()] });
  if (!('ca' in trust)) return createSecureContext();
  const pem = readAuthorities(trust.ca, peer);
  try {
    return createSecureContext({ ca: pem });
  } catch (error) {
    throw unusableFile(trust.ca, peer, 'it holds no certificate in PEM', error);
  }
}

function readAuthorities(path: string, peer: Peer): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw unusableFile(path, peer, 'it cannot be read', error);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw unusableFile(path, peer, 'it holds no certificate in PEM');
  return pem;
}

function unusableFile(path: string, peer: Peer, why: string, cause?: unknown): Fault {
  return new Fault({
    code: `${peer.kind}.ca-file`,
    message: `${peer.written.ca} ${path}: ${why}`,
    hint: 'Name a file with the certificate of the authority that signed the server, in PEM.',
    cause,
  });
}

/** Where systems keep the authorities that their owner trusts. Node's own list knows no company's. */
const SYSTEM_BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

function systemBundle(): string[] {
  const named = process.env.SSL_CERT_FILE;
  const found = named === undefined || named === '' ? SYSTEM_BUNDLES.find((path) => existsSync(path)) : named;
  try {
    return found === undefined ? [] : [readFileSync(found, 'utf8')];
  } catch {
    return [];
  }
}

function judge(host: string, socket: TLSSocket, trust: Trust | undefined, peer: Peer): Fault | undefined {
  const { written } = peer;
  if (trust !== undefined && 'insecure' in trust) return undefined;
  const seen = socket.getPeerCertificate().fingerprint256;
  if (trust !== undefined && 'fingerprint' in trust) {
    if (seen.replaceAll(':', '').toLowerCase() === trust.fingerprint) return undefined;
    return new Fault({
      code: `${peer.kind}.wrong-certificate`,
      message: `${host}: its certificate is SHA256:${seen}, not the one that ${written.fingerprint} names`,
      hint: `If its certificate was renewed, compare the fingerprint with the server's own console, then ${written.pin(seen)}\nIf it was not, somebody else answers at this address.`,
    });
  }
  if (socket.authorized) return undefined;
  return new Fault({
    code: `${peer.kind}.unknown-certificate`,
    message: `${host}: ${distrust(socket.authorizationError)}; it is SHA256:${seen}`,
    hint: `Compare the fingerprint with the server's own console. If it is the same, ${written.pin(seen)}\nor name the authority that signed it: ${written.orCa}.`,
  });
}

function distrust(error: Error | string | undefined): string {
  switch (String(error instanceof Error && 'code' in error ? error.code : error)) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return 'its certificate is signed by itself';
    case 'CERT_HAS_EXPIRED':
      return 'its certificate has expired';
    case 'CERT_NOT_YET_VALID':
      return 'its certificate is not valid yet: compare the clocks';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return 'its certificate is for another name';
    default:
      return 'its certificate is signed by nobody that is trusted here';
  }
}
