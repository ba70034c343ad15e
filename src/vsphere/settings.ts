import { EXIT, Fault, type FaultParts } from '../base/fault.ts';
import { Secret } from '../base/secret.ts';
import type { Trust } from '../transport/tls-settings.ts';

/** What the topology says; what it leaves out comes from govc's environment variables. */
export interface ConnectionSettings {
  readonly url?: string;
  readonly username?: string;
  readonly password?: Secret;
  readonly tls?: Trust;
  /** Where all this is written, and what is missing can be: `init` reads no topology. Absent: in the topology. */
  readonly written?: Written;
}

export type Written = 'topology' | 'flags';

/** A vCenter or an ESXi host, with nothing left to choose. */
export interface Connection {
  /** https, with a path, without user, password, query or fragment. */
  readonly url: URL;
  readonly username: string;
  readonly password: Secret;
  /** Absent: the system's CAs. */
  readonly trust?: Trust;
  /** Any certificate is believed, and this is what says so. */
  readonly unchecked?: 'GOVC_INSECURE' | 'vsphere.tls.insecure';
  readonly written?: Written;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settings win over the environment, each for itself. A user in GOVC_URL, and GOVC_INSECURE, count only where that URL is
 * used: a shell that was once set up for a lab must not switch off the check of another vCenter's certificate.
 */
export function connectionOf(settings: ConnectionSettings, environment: Environment): Connection {
  const { written: where = 'topology' } = settings;
  const fromEnvironment = settings.url === undefined;
  const written = settings.url ?? environment.GOVC_URL;
  if (written === undefined || written.trim() === '') {
    const message = 'no vCenter or ESXi host is named';
    throw refused(where, { code: 'vsphere.no-url', message, hint: REMEDIES[where].url });
  }
  const origin = fromEnvironment ? 'GOVC_URL' : where === 'flags' ? '--url' : 'vsphere.url';
  const bad = (why: string, hint: string): Fault =>
    // The URL itself is not repeated: it may hold a password where we did not find one.
    refused(where, { code: 'vsphere.bad-url', message: `${origin} cannot be used: ${why}`, hint });
  const { url, user, password: carried } = parseUrl(written.trim(), bad);
  if (carried !== undefined && !fromEnvironment) throw bad('it carries a password', REMEDIES[where].carried);
  const username = settings.username ?? user ?? environment.GOVC_USERNAME;
  if (username === undefined || username === '') {
    throw missing(where, 'username', `no user for ${url.host}`);
  }
  const fallback = carried ?? environment.GOVC_PASSWORD;
  const password = settings.password ?? (fallback === undefined || fallback === '' ? undefined : new Secret(fallback));
  if (password === undefined) throw missing(where, 'password', `no password for ${url.host}`);
  const insecure = fromEnvironment && isTrue(environment.GOVC_INSECURE);
  const trust = settings.tls ?? (insecure ? { insecure: true as const } : undefined);
  const trusting = trust === undefined ? {} : { trust };
  const login = { url, username, password, written: where, ...trusting };
  if (trust === undefined || !('insecure' in trust)) return login;
  return { ...login, unchecked: settings.tls === undefined ? 'GOVC_INSECURE' : 'vsphere.tls.insecure' };
}

type Bad = (why: string, hint: string) => Fault;

function parseUrl(written: string, bad: Bad): { url: URL; user?: string; password?: string } {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`;
  if (!URL.canParse(text)) {
    throw bad('it is not an address', 'Write it as https://vcenter.example/sdk.');
  }
  const given = new URL(text);
  if (given.protocol === 'http:') {
    throw bad('it is http, and the login would be readable', 'Write https:// instead.');
  }
  if (given.protocol !== 'https:') {
    throw bad(`${given.protocol.slice(0, -1)} is not spoken by vSphere`, 'Write https:// instead.');
  }
  const path = given.pathname === '/' || given.pathname === '' ? '/sdk' : given.pathname.replace(/\/+$/, '');
  return {
    url: new URL(`https://${given.host}${path}`),
    ...(given.username === '' ? {} : { user: decoded(given.username) }),
    ...(given.password === '' ? {} : { password: decoded(given.password) }),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const REMEDIES = {
  topology: {
    url: 'Set vsphere.url in the topology, or GOVC_URL.',
    username: 'Set vsphere.username in the topology, or GOVC_USERNAME.',
    password: 'Set vsphere.password in the topology, or GOVC_PASSWORD.',
    carried: 'Take it out, and set vsphere.password: { env: NAME }.',
  },
  flags: {
    url: 'Name it: --url https://vcenter.example/sdk, or set GOVC_URL.',
    username: 'Name it: --username NAME, or set GOVC_USERNAME.',
    password: 'Set GOVC_PASSWORD.',
    carried: 'Take it out, and set GOVC_PASSWORD.',
  },
} as const;

function missing(where: Written, key: 'username' | 'password', message: string): Fault {
  return refused(where, { code: `vsphere.no-${key}`, message, hint: REMEDIES[where][key] });
}

/** What a flag lacks is wrong use. */
function refused(where: Written, parts: FaultParts): Fault {
  return new Fault(where === 'flags' ? { ...parts, exit: EXIT.usage } : parts);
}

/** As govc reads it. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'true'].includes(value.toLowerCase());
}
