import { Fault } from '../base/fault.ts';
import { shellWord } from '../base/shell-word.ts';

/** The command line that makes a POSIX shell run exactly this argv. */
export function quote(argv: readonly string[]): string {
  refuseUnspeakable(argv);
  return argv.map(shellWord).join(' ');
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
