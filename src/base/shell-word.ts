/** Words that a shell may read as they stand. No `=`, `~` or `^`: an assignment, a home folder, an old pipe. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** Bare, these would be grammar and not a program's name. */
const GRAMMAR = /^(if|then|else|elif|fi|do|done|case|esac|while|until|for|in|function|time|select|coproc)$/;

/** What no terminal shows as itself, and no paste carries: controls, signs that turn the order, halves of characters. */
const UNTYPABLE = /([\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069\ufffd])/u;

/**
 * A word as a POSIX shell reads it back. A backslash stands outside of the quotes, because fish reads it inside them; so
 * the same word is right there too. Not for csh, where a quoted newline ends the word.
 */
export function shellWord(word: string): string {
  if (word === '') return "''";
  if (PLAIN.test(word) && !GRAMMAR.test(word)) return word;
  return word.replaceAll(/['\\]|[^'\\]+/g, (part) => (part === "'" || part === '\\' ? `\\${part}` : `'${part}'`));
}

/**
 * A command for a person to paste, never refused: an untypable character stands as `?`, which the shell that it is
 * pasted into takes for any one character.
 */
export function pasted(argv: readonly string[]): string {
  return argv.map((word) => (word === '' ? shellWord(word) : word.split(UNTYPABLE).map(typed).join(''))).join(' ');
}

/** Every second part of a split word is one untypable character. */
function typed(part: string, index: number): string {
  if (index % 2 === 1) return '?';
  return part === '' ? '' : shellWord(part);
}
