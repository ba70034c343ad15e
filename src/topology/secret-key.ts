/** How a key is called whose value is a secret, whatever the make: `password`, `apiToken`, `client_secret`, `pwd`. */
const NAME =
  '(?:pass(?:word|wd|phrase)?|pwd|token|secret|credentials?|community|(?:api|access|private|secret)[-_]?key)';

const WHOLE = new RegExp(`${NAME}$`, 'i');

export function isSecretKey(key: string): boolean {
  return WHOLE.test(key);
}

/** A secret that is written into the line itself: `password: hunter2`, but not `password: { env: … }`. */
const WRITTEN = new RegExp(`${NAME}["']?\\s*:\\s+(?![*#|>]|\\{\\s*["']?(?:env|file|command)\\b)(?=\\S)`, 'i');
/** A key whose secret begins on the next line. */
const OPENED = new RegExp(`${NAME}["']?\\s*:\\s*(?:[|>][-+0-9]*)?\\s*(?:#.*)?$`, 'i');
/** The password of a URL. */
const IN_URL = /[a-z][a-z0-9+.-]*:\/\/[^\s/@:'"]*:(?=[^\s/@]+@)/i;
const REFERENCE = /^\s*["']?(?:env|file|command)["']?\s*:/;

/** Where a line begins to tell a secret, by its look alone: also in a file that cannot be parsed. */
export function secretBegins(line: string, lineBefore: string): number | undefined {
  if (OPENED.test(lineBefore) && !REFERENCE.test(line)) return line.search(/\S|$/);
  const found = [WRITTEN.exec(line), IN_URL.exec(line)].filter((match) => match !== null);
  const begins = found.map((match) => match.index + match[0].length);
  return begins.length === 0 ? undefined : Math.min(...begins);
}
