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
