import { readFileSync, statSync } from 'node:fs';
import ssh2, { type ParsedKey } from 'ssh2';
import { asFault, Fault } from '../../base/fault.ts';
import type { Secret } from '../../base/secret.ts';
import { fingerprint, keyType } from './known-hosts.ts';

/** A private key file, as far as it can be used. */
export interface KeyFile {
  readonly path: string;
  /** Its public half in SSH's wire form: known even of an encrypted file in OpenSSH's format. */
  readonly publicKey: Buffer | undefined;
  /** What signs; or why nothing does. */
  readonly use: ParsedKey | Fault;
}

/** undefined: there is no such file. Every other trouble stands in `use`. */
export function readKey(path: string, passphrase: Secret | undefined): KeyFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return undefined;
    return { path, publicKey: undefined, use: unreadable(path, thrown) };
  }
  const key = unlocked(path, text, passphrase);
  if (key instanceof Fault) return { path, publicKey: publicHalf(path, text), use: key };
  return { path, publicKey: key.getPublicSSH(), use: openToOthers(path) ?? key };
}

/** 'ssh-ed25519 SHA256:…' */
export function keyName(publicKey: Buffer): string {
  return `${keyType(publicKey)} ${fingerprint(publicKey)}`;
}

/** A missing or unusable key that the topology asks for, as a Fault. */
export function noSuchKey(path: string): Fault {
  return new Fault({
    code: 'ssh.key-missing',
    message: `key ${path} is not there`,
    hint: 'Look at ssh.key; a relative path is relative to the topology file.',
  });
}

/** Keys that were unlocked in this process: OpenSSH's bcrypt takes a tenth of a second, and a thousand guests share one. */
const unlockedKeys = new Map<string, { readonly text: string; readonly phrase: string; readonly key: ParsedKey }>();

function unlocked(path: string, text: string, passphrase: Secret | undefined): ParsedKey | Fault {
  const phrase = passphrase?.reveal() ?? '';
  const before = unlockedKeys.get(path);
  if (before !== undefined && before.text === text && before.phrase === phrase) return before.key;
  const key = parse(text, phrase);
  if (key instanceof Error) return locked(path, phrase, key);
  if (!key.isPrivateKey()) return publicOnly(path);
  unlockedKeys.set(path, { text, phrase, key });
  return key;
}

function parse(text: string, phrase: string): ParsedKey | Error {
  try {
    const parsed: ParsedKey | readonly ParsedKey[] | Error = ssh2.utils.parseKey(
      text,
      phrase === '' ? undefined : phrase,
    );
    // ssh2 1.17 answers an array for OpenSSH's format, whatever its types say.
    return Array.isArray(parsed) ? (parsed[0] ?? new Error('the file holds no key')) : parsed;
  } catch (thrown) {
    return asFault(thrown);
  }
}

function locked(path: string, phrase: string, error: Error): Fault {
  if (/no passphrase given/.test(error.message)) {
    return new Fault({
      code: 'ssh.key-encrypted',
      message: `key ${path} is encrypted, and there is no passphrase for it`,
      hint: 'Set ssh.passphrase, or load the key into an agent: ssh-add.',
    });
  }
  if (phrase !== '' && /passphrase|integrity check|bad decrypt|MAC mismatch/i.test(error.message)) {
    return new Fault({
      code: 'ssh.passphrase-wrong',
      message: `key ${path}: the passphrase is wrong`,
      hint: `Try it by hand: ssh-keygen -y -f ${path}`,
    });
  }
  return wrongKind(path, error.message);
}

function publicOnly(path: string): Fault {
  return new Fault({
    code: 'ssh.key-unsupported',
    message: `key ${path} is a public key`,
    hint: 'Name the private key: the file without .pub.',
  });
}

function wrongKind(path: string, why: string): Fault {
  return new Fault({
    code: 'ssh.key-unsupported',
    message: `key ${path} cannot be used: ${why}`,
    hint: `Convert it to OpenSSH's format (ssh-keygen -p -f ${path}), or use an ed25519, ECDSA or RSA key.`,
  });
}

function unreadable(path: string, thrown: unknown): Fault {
  return new Fault({
    code: 'ssh.key-unreadable',
    message: `key ${path} cannot be read: ${asFault(thrown).message}`,
    hint: 'Let the account that runs stillpoint read it, and nobody else.',
    cause: thrown,
  });
}

/** The same rule as OpenSSH's: our own key must not be open to others; somebody else's file is his own affair. */
function openToOthers(path: string): Fault | undefined {
  const { uid, mode } = statSync(path);
  if (uid !== process.getuid?.() || (mode & 0o077) === 0) return undefined;
  return new Fault({
    code: 'ssh.key-open',
    message: `key ${path} can be read by others (mode 0${(mode & 0o777).toString(8)})`,
    hint: `chmod 600 ${path}; make a new key if somebody may have copied it.`,
  });
}

function publicHalf(path: string, text: string): Buffer | undefined {
  return fromPrivateFile(text) ?? fromPublicFile(`${path}.pub`);
}

/** OpenSSH's own format carries the public key unencrypted, before the private one (PROTOCOL.key). */
function fromPrivateFile(text: string): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  const bytes = Buffer.from(body ?? '', 'base64');
  const magic = 'openssh-key-v1\0';
  if (bytes.toString('latin1', 0, magic.length) !== magic) return undefined;
  let at = magic.length;
  const next = (): Buffer => {
    const from = at + 4;
    at = from + bytes.readUInt32BE(at);
    return bytes.subarray(from, at);
  };
  try {
    for (const _ of ['cipher', 'kdf', 'kdf options']) next();
    at += 4;
    return next();
  } catch {
    return undefined;
  }
}

function fromPublicFile(path: string): Buffer | undefined {
  try {
    const key = Buffer.from(readFileSync(path, 'utf8').split(' ')[1] ?? '', 'base64');
    return keyType(key) === '' ? undefined : key;
  } catch {
    return undefined;
  }
}

function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR');
}
