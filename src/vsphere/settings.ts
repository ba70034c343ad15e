import { Fault } from '../base/fault.ts';
import { Secret } from '../base/secret.ts';

/** What the topology says; what it leaves out comes from govc's environment variables. */
export interface ConnectionSettings {
  readonly url?: string;
  readonly username?: string;
  readonly password?: Secret;
  readonly tls?: Trust;
}

/** Why the server is believed. */
export type Trust =
  /** SHA-256 of its certificate, 64 hex digits in lower case. */
  | { readonly fingerprint: string }
  /** A file of certificates in PEM; only these are believed. */
  | { readonly ca: string }
  | { readonly insecure: true };

/** A vCenter or an ESXi host, with nothing left to choose. */
export interface Connection {
  /** https, with a path, without user, password, query or fragment. */
  readonly url: URL;
  readonly username: string;
  readonly password: Secret;
  /** Absent: the system's CAs. */
  readonly trust?: Trust;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Settings win over the environment, each for itself; a user in GOVC_URL counts only where that URL is used. */
export function connectionOf(settings: ConnectionSettings, environment: Environment): Connection {
  const fromEnvironment = settings.url === undefined;
  const written = settings.url ?? environment.GOVC_URL;
  if (written === undefined || written.trim() === '') {
    throw new Fault({
      code: 'vsphere.no-url',
      message: 'no vCenter or ESXi host is named',
      hint: 'Set vsphere.url in the topology, or GOVC_URL.',
    });
  }
  const origin = fromEnvironment ? 'GOVC_URL' : 'vsphere.url';
  const { url, user, password: carried } = parseUrl(written.trim(), origin);
  if (carried !== undefined && !fromEnvironment) {
    throw badUrl(origin, 'it carries a password', 'Take it out, and set vsphere.password: { env: NAME }.');
  }
  const username = settings.username ?? user ?? environment.GOVC_USERNAME;
  if (username === undefined || username === '') {
    throw missing('username', 'user', url.host, 'GOVC_USERNAME');
  }
  const fallback = carried ?? environment.GOVC_PASSWORD;
  const password = settings.password ?? (fallback === undefined || fallback === '' ? undefined : new Secret(fallback));
  if (password === undefined) throw missing('password', 'password', url.host, 'GOVC_PASSWORD');
  const trust = settings.tls ?? (isTrue(environment.GOVC_INSECURE) ? { insecure: true as const } : undefined);
  return { url, username, password, ...(trust === undefined ? {} : { trust }) };
}

function parseUrl(written: string, origin: string): { url: URL; user?: string; password?: string } {
  const text = /^[a-z][a-z0-9+.-]*:\/\//i.test(written) ? written : `https://${written}`;
  if (!URL.canParse(text)) {
    throw badUrl(origin, 'it is not an address', 'Write it as https://vcenter.example/sdk.');
  }
  const given = new URL(text);
  if (given.protocol === 'http:') {
    throw badUrl(origin, 'it is http, and the login would be readable', 'Write https:// instead.');
  }
  if (given.protocol !== 'https:') {
    throw badUrl(origin, `${given.protocol.slice(0, -1)} is not spoken by vSphere`, 'Write https:// instead.');
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

/** The URL itself is not repeated: it may hold a password where we did not find one. */
function badUrl(origin: string, why: string, hint: string): Fault {
  return new Fault({ code: 'vsphere.bad-url', message: `${origin} cannot be used: ${why}`, hint });
}

function missing(key: string, what: string, host: string, variable: string): Fault {
  return new Fault({
    code: `vsphere.no-${key}`,
    message: `no ${what} for ${host}`,
    hint: `Set vsphere.${key} in the topology, or ${variable}.`,
  });
}

/** As govc reads it. */
function isTrue(value: string | undefined): boolean {
  return value !== undefined && ['1', 't', 'true'].includes(value.toLowerCase());
}
