import { readFileSync } from 'node:fs';
import type { ServerHostKeyAlgorithm } from 'ssh2';
import { Fault } from '../../base/fault.ts';
import { unreachable } from '../../base/unreachable.ts';
import type { KnownHost } from './known-hosts.ts';
import { fingerprint, judge, keyType, linesAbout, nameFor, parseKnownHosts } from './known-hosts.ts';
import { readRevokedKeys } from './revoked-keys.ts';
import type { Hop } from './route.ts';

/** How the key of one host is verified. There is no way to have none. */
export interface HostKeyCheck {
  /** Key types to ask the host for, the ones that we can verify first; never one with SHA-1. */
  readonly algorithms: readonly ServerHostKeyAlgorithm[];
  /** Why this key is not to be trusted; undefined: it is the host's. */
  refusal(key: Buffer): Fault | undefined;
}

/** The signatures that each type of key can be asked for, best first. */
const ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
};

export function hostKeyCheck(hop: Hop): HostKeyCheck {
  const check = hop.pin === undefined ? filed(hop) : pinned(hop, hop.pin);
  const revocation = revocationOf(hop);
  return { ...check, refusal: (key) => revocation(key) ?? check.refusal(key) };
}

function filed(hop: Hop): HostKeyCheck {
  const about = linesAbout(
    hop.knownHosts.flatMap((file) => linesIn(file) ?? nothingIn(file, hop)),
    hop.keyName,
    hop.port,
  );
  const known = about.filter((line) => line.marker === undefined).map((line) => line.type);
  return { algorithms: preferring(known), refusal: (key) => refusal(hop, about, key) };
}

/** Before anything is trusted: a key that is revoked is somebody else's by now, also one that is pinned. */
function revocationOf(hop: Hop): HostKeyCheck['refusal'] {
  const revoked = hop.revokedKeys === undefined ? undefined : readRevokedKeys(hop.revokedKeys, hop.label);
  const about = linesAbout(
    hop.usualKnownHosts.flatMap((file) => linesIn(file) ?? []),
    hop.keyName,
    hop.port,
  );
  return (key) => {
    const seen = `${keyType(key)} key ${fingerprint(key)}`;
    if (revoked?.(key) === true) return isRevoked(hop, seen, hop.revokedKeys ?? '');
    const judgement = judge(about, key);
    return judgement.kind === 'revoked' ? isRevoked(hop, seen, judgement.by.at) : undefined;
  };
}

function isRevoked(hop: Hop, seen: string, by: string): Fault {
  return new Fault({
    code: 'ssh.host-key-revoked',
    message: `${hop.label}: the host shows the ${seen}, which ${by} revokes`,
    hint: 'Give the host a new key: this one is known to be stolen or retired.',
  });
}

function preferring(types: readonly string[]): readonly ServerHostKeyAlgorithm[] {
  const all = Object.keys(ALGORITHMS);
  const ordered = [...all.filter((type) => types.includes(type)), ...all.filter((type) => !types.includes(type))];
  return ordered.flatMap((type) => ALGORITHMS[type] ?? []);
}

function pinned(hop: Hop, pin: string): HostKeyCheck {
  const wanted = pin.replace(/=+$/, '');
  return {
    algorithms: preferring([]),
    refusal(key) {
      if (fingerprint(key) === wanted) return undefined;
      return new Fault({
        code: 'ssh.host-key-changed',
        message: `${hop.label}: the host shows the ${keyType(key)} key ${fingerprint(key)}, but ${wanted} is pinned`,
        hint:
          'Do not go on before you know why: somebody may be in between. If the host was installed anew, or the pin ' +
          'is that of its key of another type, set ssh.hostKey to the fingerprint that its own console shows.',
      });
    },
  };
}

function refusal(hop: Hop, about: readonly KnownHost[], key: Buffer): Fault | undefined {
  const seen = `${keyType(key)} key ${fingerprint(key)}`;
  const judgement = judge(about, key);
  switch (judgement.kind) {
    case 'known':
      return undefined;
    case 'unknown': {
      const files = hop.knownHosts.filter((file) => file !== '/dev/null');
      return new Fault({
        code: 'ssh.host-key-unknown',
        message: `${hop.label}: no known host key (looked in ${files.join(', ') || 'no file'}); the host shows the ${seen}`,
        hint:
          "Compare the fingerprint with what the host's own console shows, then add this line to " +
          `${files[0] ?? 'a file, and name that in ssh.knownHosts'}:\n` +
          `${nameFor(hop.keyName, hop.port)} ${keyType(key)} ${key.toString('base64')}`,
      });
    }
    case 'changed': {
      const expected = judgement.expected.map((line) => `the ${line.type} key ${fingerprint(line.key)} (${line.at})`);
      return new Fault({
        code: 'ssh.host-key-changed',
        message: `${hop.label}: the host key is not the known one: it shows the ${seen}, known is ${expected.join(', ')}`,
        hint:
          'Do not go on before you know why: somebody may be in between. If the host was installed anew: ' +
          `ssh-keygen -R '${nameFor(hop.keyName, hop.port)}' -f ${judgement.expected[0]?.at.replace(/:\d+$/, '')}, ` +
          'then add its new key after comparing the fingerprint.',
      });
    }
    case 'revoked':
      return isRevoked(hop, seen, judgement.by.at);
    case 'authority':
      return new Fault({
        code: 'ssh.host-certificate',
        message:
          `${hop.label}: the host is trusted only through a certificate authority (${judgement.by.at}), ` +
          `and host certificates are not supported; its own key is the ${seen}`,
        hint: `Set ssh.hostKey to ${fingerprint(key)} after comparing it with what the host's own console shows.`,
      });
    default:
      return unreachable(judgement);
  }
}

/** Undefined: it cannot be read. */
function linesIn(file: string): readonly KnownHost[] | undefined {
  try {
    return parseKnownHosts(readFileSync(file, 'utf8'), file);
  } catch {
    return undefined;
  }
}

/** Where nobody has named them, files that are not there say nothing. */
function nothingIn(file: string, hop: Hop): readonly KnownHost[] {
  if (!hop.knownHostsChosen) return [];
  throw new Fault({
    code: 'ssh.known-hosts-unreadable',
    message: `${hop.label}: ${file} cannot be read`,
    hint: `Make it with: ssh-keyscan -p ${hop.port} ${hop.host} > ${file}, and compare the fingerprints.`,
  });
}
