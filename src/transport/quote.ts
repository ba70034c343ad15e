import { Fault } from '../base/fault.ts';

/** Words that a shell may read as they stand. No `=`, `~` or `^`: an assignment, a home folder, an old pipe. */
const PLAIN = /^[A-Za-z0-9_@%+:,./-]+$/;

/** Bare, these would be grammar and not a program's name. */
const GRAMMAR = /^(if|then|else|elif|fi|do|done|case|esac|while|until|for|in|function|time|select|coproc)$/;

/**
 * The command line that makes a POSIX shell run exactly this argv. A backslash stands outside of the quotes, because
 * fish reads it inside them; so the same line is right there too. Not for csh, where a quoted newline ends the word.
 */
export function quote(argv: readonly string[]): string {
  refuseUnspeakable(argv);
  return argv.map(quoteWord).join(' ');
}

/** Throws a Fault for what no command can be given: nothing at all, a NUL, half of a character. */
export function refuseUnspeakable(argv: readonly string[]): void {
  if (argv.length === 0) throw new Fault({ code: 'command.empty', message: 'there is no command to run' });
  const found = argv.map((word) => /\0|\p{Surrogate}/u.exec(word)?.[0]).find((one) => one !== undefined);
  if (found === undefined) return;
  const what = found === '\0' ? 'a NUL character' : 'half of a character (a lone surrogate)';
  throw new Fault({
    code: 'command.unspeakable',
    message: `${argv[0]}: an argument holds ${what}, which no command can be given`,
    hint: 'Look at the names in the topology and on the array.',
  });
}

function quoteWord(word: string): string {
  if (word === '') return "''";
  if (PLAIN.test(word) && !GRAMMAR.test(word)) return word;
  return word.replaceAll(/['\\]|[^'\\]+/g, (part) => (part === "'" || part === '\\' ? `\\${part}` : `'${part}'`));
}
