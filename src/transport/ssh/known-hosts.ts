import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { defined } from '../../base/defined.ts';

/** One line of a known_hosts file, as sshd(8) describes it under SSH_KNOWN_HOSTS FILE FORMAT. */
export interface KnownHost {
  readonly marker?: 'cert-authority' | 'revoked';
  /** The first field: patterns with commas, or one hashed name. */
  readonly names: string;
  /** 'ssh-ed25519' */
  readonly type: string;
  readonly key: Buffer;
  /** Where it stands: 'known_hosts:12'. */
  readonly at: string;
}

/** What the files say of a key that a host has shown. */
export type Judgement =
  | { readonly kind: 'known' }
  | { readonly kind: 'unknown' }
  /** They hold other keys of this host: of the same type, or only of others. */
  | { readonly kind: 'changed'; readonly expected: readonly KnownHost[] }
  | { readonly kind: 'revoked'; readonly by: KnownHost }
  /** They trust this host only through an authority, and a host certificate is not something that we can check. */
  | { readonly kind: 'authority'; readonly by: KnownHost };

export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  const found: KnownHost[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const words = line.trim().split(/\s+/);
    const marker = markerOf(words[0]);
    const [names, type, key] = marker === undefined ? words : words.slice(1);
    // Like OpenSSH, a line that cannot be read trusts nobody.
    if (names === undefined || names.startsWith('#') || type === undefined || key === undefined) continue;
    const blob = Buffer.from(key, 'base64');
    if (marker === null || keyType(blob) !== type) continue;
    found.push({ ...defined({ marker }), names, type, key: blob, at: `${file}:${index + 1}` });
  }
  return found;
}

/** null: a marker that nobody has told us of, so the line is not for us. */
function markerOf(word: string | undefined): KnownHost['marker'] | null {
  if (word === '@cert-authority') return 'cert-authority';
  if (word === '@revoked') return 'revoked';
  return word?.startsWith('@') === true ? null : undefined;
}

/**
 * The lines about a host. As with OpenSSH, lines without a port speak for another port where none names it; what they
 * revoke is revoked on every port.
 */
export function linesAbout(lines: readonly KnownHost[], host: string, port: number): readonly KnownHost[] {
  const name = host.toLowerCase();
  const full = nameFor(name, port);
  const exact = lines.filter((line) => covers(line.names, full));
  if (port === 22) return exact;
  const named = exact.some((line) => line.marker === undefined);
  const general = lines.filter((line) => covers(line.names, name) && !excludes(line.names, full));
  return [...exact, ...general.filter((line) => !named || line.marker === 'revoked')];
}

export function judge(about: readonly KnownHost[], key: Buffer): Judgement {
  const revoked = about.find((line) => line.marker === 'revoked' && line.key.equals(key));
  if (revoked !== undefined) return { kind: 'revoked', by: revoked };
  const plain = about.filter((line) => line.marker === undefined);
  if (plain.some((line) => line.key.equals(key))) return { kind: 'known' };
  if (plain.length > 0) return { kind: 'changed', expected: plain };
  const authority = about.find((line) => line.marker === 'cert-authority');
  return authority === undefined ? { kind: 'unknown' } : { kind: 'authority', by: authority };
}

/** The name of a host in a known_hosts file: 'mail01', '[mail01]:2222'. */
export function nameFor(host: string, port: number): string {
  return port === 22 ? host : `[${host}]:${port}`;
}

/** 'SHA256:…', as ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

/** The type that a public key in SSH's wire form begins with; '' if it is none. */
export function keyType(key: Buffer): string {
  if (key.length < 4) return '';
  const end = 4 + key.readUInt32BE(0);
  return end > key.length ? '' : key.toString('latin1', 4, end);
}

function covers(names: string, host: string): boolean {
  if (names.startsWith('|')) return isHashOf(names, host);
  return !excludes(names, host) && names.split(',').some((pattern) => matches(pattern, host));
}

function excludes(names: string, host: string): boolean {
  return names.split(',').some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1), host));
}

function isHashOf(hashed: string, host: string): boolean {
  const [, version, salt, hash] = hashed.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  const wanted = Buffer.from(hash, 'base64');
  const ours = createHmac('sha1', Buffer.from(salt, 'base64')).update(host).digest();
  return wanted.length === ours.length && timingSafeEqual(wanted, ours);
}

/** `*` and `?`, compared without regard to case; in time that a line of many `*` does not multiply. */
function matches(pattern: string, host: string): boolean {
  const [first = '', ...later] = pattern.toLowerCase().split(/\*+/);
  const last = later.pop();
  if (last === undefined) return first.length === host.length && fits(first, host, 0);
  const end = host.length - last.length;
  if (end < first.length || !fits(first, host, 0) || !fits(last, host, end)) return false;
  let from = first.length;
  for (const part of later) {
    while (from + part.length <= end && !fits(part, host, from)) from += 1;
    from += part.length;
    if (from > end) return false;
  }
  return true;
}

/** Whether a part without `*` stands at this place. */
function fits(part: string, host: string, at: number): boolean {
  return at + part.length <= host.length && [...part].every((sign, index) => sign === '?' || sign === host[at + index]);
}
