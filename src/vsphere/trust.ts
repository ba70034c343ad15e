import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:https';
import { connect, createSecureContext, rootCertificates, type SecureContext, type TLSSocket } from 'node:tls';
import { Fault } from '../base/fault.ts';
import type { Connection, Trust, Written } from './settings.ts';

type Trusting = Pick<Connection, 'url' | 'trust' | 'written'>;

export interface TrustingAgent {
  readonly agent: Agent;
  /** 'SHA256:AB:CD:…' of the certificate that the server showed last; undefined before it showed one. */
  certificate(): string | undefined;
  /** Ends every connection, also those that are only beginning. */
  close(): void;
}

/**
 * Keeps connections alive, and hands one out only after its certificate was judged: not a byte of a request is written
 * to a server that is not believed.
 */
export function trustingAgent({ url, trust, written = 'topology' }: Trusting): TrustingAgent {
  const secureContext = contextOf(trust, written);
  const connecting = new Set<TLSSocket>();
  let certificate: string | undefined;
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const createConnection = (_: unknown, done: (error: Error | null, socket?: TLSSocket) => void): void => {
    const socket = connect({
      host,
      port: url.port === '' ? 443 : Number(url.port),
      secureContext,
      // Judged below, in every mode: Node would end the connection before we could say whose certificate it saw.
      rejectUnauthorized: false,
      ...(isAddress(host) ? {} : { servername: host }),
    });
    connecting.add(socket);
    const failed = (error: Error): void => {
      connecting.delete(socket);
      socket.destroy();
      done(error);
    };
    socket.once('error', failed);
    socket.once('secureConnect', () => {
      certificate = `SHA256:${socket.getPeerCertificate().fingerprint256}`;
      const refusal = judge(url.host, socket, trust, written);
      if (refusal !== undefined) return failed(refusal);
      connecting.delete(socket);
      socket.removeListener('error', failed);
      done(null, socket);
    });
  };
  Object.assign(agent, { createConnection });
  return {
    agent,
    certificate: () => certificate,
    close() {
      for (const socket of connecting) socket.destroy();
      agent.destroy();
    },
  };
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}

function contextOf(trust: Trust | undefined, written: Written): SecureContext {
  if (trust === undefined) return createSecureContext({ ca: [...rootCertificates, ...systemBundle()] });
  if (!('ca' in trust)) return createSecureContext();
  const named = `${NAMES[written].ca} ${trust.ca}`;
  const pem = readAuthorities(trust.ca, named);
  try {
    return createSecureContext({ ca: pem });
  } catch (error) {
    throw unusableFile(named, 'it holds no certificate in PEM', error);
  }
}

function readAuthorities(path: string, named: string): string {
  let pem: string;
  try {
    pem = readFileSync(path, 'utf8');
  } catch (error) {
    throw unusableFile(named, 'it cannot be read', error);
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) throw unusableFile(named, 'it holds no certificate in PEM');
  return pem;
}

function unusableFile(named: string, why: string, cause?: unknown): Fault {
  return new Fault({
    code: 'vsphere.ca-file',
    message: `${named}: ${why}`,
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

function judge(host: string, socket: TLSSocket, trust: Trust | undefined, written: Written): Fault | undefined {
  const names = NAMES[written];
  if (trust !== undefined && 'insecure' in trust) return undefined;
  const seen = socket.getPeerCertificate().fingerprint256;
  if (trust !== undefined && 'fingerprint' in trust) {
    if (seen.replaceAll(':', '').toLowerCase() === trust.fingerprint) return undefined;
    return new Fault({
      code: 'vsphere.wrong-certificate',
      message: `${host}: its certificate is SHA256:${seen}, not the one that ${names.fingerprint} names`,
      hint: `If its certificate was renewed, compare the fingerprint with the server's own console, then ${names.write(seen)}\nIf it was not, somebody else answers at this address.`,
    });
  }
  if (socket.authorized) return undefined;
  return new Fault({
    code: 'vsphere.unknown-certificate',
    message: `${host}: ${distrust(socket.authorizationError)}; it is SHA256:${seen}`,
    hint: `Compare the fingerprint with the server's own console. If it is the same, ${names.write(seen)}\nor name the authority that signed it: ${names.orCa}.`,
  });
}

/** What is said of trust, by where it is written. Lines to be copied stand apart, and begin with a space. */
const NAMES = {
  topology: {
    ca: 'vsphere.tls.ca',
    fingerprint: 'vsphere.tls.fingerprint',
    write: (seen: string) => `write\n  vsphere:\n    tls: { fingerprint: "SHA256:${seen}" }`,
    orCa: 'tls: { ca: FILE }',
  },
  flags: {
    ca: '--ca',
    fingerprint: '--fingerprint',
    write: (seen: string) => `add\n  --fingerprint SHA256:${seen}`,
    orCa: '--ca FILE',
  },
} as const;

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
