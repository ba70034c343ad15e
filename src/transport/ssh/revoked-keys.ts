import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Fault } from '../../base/fault.ts';
import { keyType } from './known-hosts.ts';

/** The keys that a file of OpenSSH's `RevokedHostKeys` revokes. */
export type RevokedKeys = (key: Buffer) => boolean;

/**
 * A list of public keys, one a line, or a KRL as `ssh-keygen -k` writes it (PROTOCOL.krl of OpenSSH). As with ssh, a file
 * that cannot be read, whole, revokes every key: nobody knows what it would have said.
 *
 * @throws Fault `ssh.revoked-keys-unreadable`
 */
export function readRevokedKeys(file: string, label: string): RevokedKeys {
  try {
    const bytes = readFileSync(file);
    return bytes.subarray(0, MAGIC.length).equals(MAGIC) ? fromKrl(bytes) : fromList(bytes.toString('utf8'));
  } catch (cause) {
    throw new Fault({
      code: 'ssh.revoked-keys-unreadable',
      message: `${label}: ${file}, which RevokedHostKeys names, cannot be read${cause instanceof Unreadable ? `: ${cause.message}` : ''}`,
      hint: 'Without it nobody knows whether the host key is revoked. Mend the file, or take RevokedHostKeys out of the ssh_config.',
      cause,
    });
  }
}

const MAGIC = Buffer.from('SSHKRL\n\0');
const SECTION = { certificates: 1, keys: 2, sha1: 3, signature: 4, sha256: 5, extension: 255 } as const;

class Unreadable extends Error {}

function fromList(text: string): RevokedKeys {
  const revoked = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    const [type, key = ''] = line.trim().split(/\s+/);
    if (type === undefined || type === '' || type.startsWith('#')) continue;
    const blob = Buffer.from(key, 'base64');
    if (keyType(blob) !== type) throw new Unreadable(`line ${index + 1} is no public key`);
    revoked.add(blob.toString('base64'));
  }
  return (key) => revoked.has(key.toString('base64'));
}

function fromKrl(bytes: Buffer): RevokedKeys {
  const file = reader(bytes.subarray(MAGIC.length));
  const version = file.number(4);
  if (version !== 1) throw new Unreadable(`it is a KRL of version ${version}`);
  // Its own version, when it was made, flags, a reserved text and a comment.
  for (const skipped of [8, 8, 8]) file.number(skipped);
  for (let text = 0; text < 2; text += 1) file.string();
  const revoked = { keys: new Set<string>(), sha1: new Set<string>(), sha256: new Set<string>() };
  while (!file.atEnd()) {
    const kind = file.number(1);
    const section = reader(file.string());
    if (kind === SECTION.keys) section.all(revoked.keys);
    else if (kind === SECTION.sha1) section.all(revoked.sha1);
    else if (kind === SECTION.sha256) section.all(revoked.sha256);
    else if (kind === SECTION.extension) refuseCritical(section);
    // Of certificates nobody is asked here, and a signature adds no key.
    else if (kind !== SECTION.certificates && kind !== SECTION.signature)
      throw new Unreadable(`it has a section of the kind ${kind}`);
  }
  return (key) =>
    revoked.keys.has(key.toString('base64')) ||
    revoked.sha1.has(createHash('sha1').update(key).digest('base64')) ||
    revoked.sha256.has(createHash('sha256').update(key).digest('base64'));
}

function refuseCritical(section: Reader): void {
  const name = section.string().toString('utf8');
  if (section.number(1) !== 0) throw new Unreadable(`it has the critical extension ${JSON.stringify(name)}`);
}

interface Reader {
  atEnd(): boolean;
  number(bytes: number): number;
  string(): Buffer;
  /** Strings to the end, each in base64. */
  all(into: Set<string>): void;
}

function reader(bytes: Buffer): Reader {
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new Unreadable('it ends too early');
    at += length;
    return bytes.subarray(at - length, at);
  };
  const string = (): Buffer => take(take(4).readUInt32BE(0));
  return {
    atEnd: () => at === bytes.length,
    number: (length) =>
      take(length)
        .subarray(-4)
        .reduce((sum, byte) => sum * 256 + byte, 0),
    string,
    all(into) {
      while (at < bytes.length) into.add(string().toString('base64'));
    },
  };
}
