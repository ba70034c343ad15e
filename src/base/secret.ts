import { inspect } from 'node:util';

/**
 * A password, token or passphrase. It prints, inspects and serialises as '[secret]'; only `reveal` gives the text, at
 * the one place that sends it (I9).
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [inspect.custom](): string {
    return '[secret]';
  }
}

/** What somebody else said, without these: servers repeat what they were sent. */
export function withoutSecrets(text: string, secrets: Iterable<Secret>): string {
  let rest = text;
  for (const secret of secrets) {
    const plain = secret.reveal();
    if (plain === '') continue;
    for (const form of [plain, encodeURIComponent(plain)]) rest = rest.replaceAll(form, String(secret));
  }
  return rest;
}
