import { nearest } from '../base/nearest.ts';

/** How a key is called whose value is a secret, whatever the make: `password`, `apiToken`, `client_secret`, `pwd`. */
const NAME =
  /(?:pass(?:word|wd|phrase)?|pwd|token|secret|credentials?|community|(?:api|access|private|secret)[-_]?key)$/i;

/** What a misspelt one was meant to be. */
const WORDS = ['password', 'passwd', 'passphrase', 'token', 'secret', 'credentials', 'community', 'apiKey'];

export function isSecretKey(key: string): boolean {
  return NAME.test(key);
}

/** The same of a key that is misspelt: `pasword`, `tokn`. */
export function meansSecret(key: string): boolean {
  return isSecretKey(key) || nearest(key, WORDS) !== undefined;
}
