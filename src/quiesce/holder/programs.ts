import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pythonFromInput } from '../../transport/sent-program.ts';

/** The holder's forms, in the order in which they are preferred. */
export const FORMS = ['python3', 'perl', 'sh'] as const;
export type Form = (typeof FORMS)[number];

/** A program is these files, one after the other. `keeper` is what `script` sends. */
const FILES = {
  python3: ['holder.py'],
  perl: ['holder.pl'],
  sh: ['freeze.sh', 'channel.sh'],
  keeper: ['keep.sh', 'channel.sh'],
} as const;
const read = new Map<Program, string>();

export type Program = Form | 'keeper';

/** The guest-side program, in ASCII. */
export function programText(program: Program): string {
  const known = read.get(program);
  if (known !== undefined) return known;
  const text = FILES[program]
    .map((file) => readFileSync(fileURLToPath(new URL(file, import.meta.url)), 'ascii'))
    .join('\n');
  read.set(program, text);
  return text;
}

/**
 * What starts a program that comes over its standard input, to the byte, so that the words that follow it are
 * left for the program. Nothing is left on the guest's disk.
 */
export function argvOf(program: Program, interpreter: string): readonly string[] {
  const bytes = String(programText(program).length);
  switch (program) {
    case 'python3':
      return pythonFromInput(interpreter, programText(program));
    case 'perl':
      return [interpreter, '-T', '-e', PERL, bytes];
    case 'sh':
    case 'keeper':
      return [interpreter, '-c', `eval "$(PATH=/usr/bin:/bin dd bs=1 count=${bytes} 2>/dev/null)"`];
  }
}

const PERL = `my ($n, $text) = (shift, '');
while (length $text < $n) { sysread(STDIN, $text, $n - length $text, length $text) or exit 3 }
eval(($text =~ /(.*)/s)[0]); die $@ if $@`;
