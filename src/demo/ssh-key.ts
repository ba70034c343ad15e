import { generateKeyPairSync } from 'node:crypto';
import ssh2, { type ParsedKey } from 'ssh2';

export interface SshKey {
  /** PEM, as a key file holds it. */
  readonly private: string;
  /** A line of authorized_keys. */
  readonly public: string;
}

/** By Node: of the ed25519 keys that ssh2 1.17 writes, one in 400 cannot be read again, by ssh2 either. */
export function newSshKey(): SshKey {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const key = parseSshKey(privateKey);
  return { private: privateKey, public: `${key.type} ${key.getPublicSSH().toString('base64')}` };
}

export function parseSshKey(text: string): ParsedKey {
  const key = ssh2.utils.parseKey(text);
  if (key instanceof Error) throw key;
  return key;
}
