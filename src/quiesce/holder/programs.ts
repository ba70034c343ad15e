import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The holder's forms, in the order in which they are preferred. */
export const FORMS = ['python3', 'perl', 'sh'] as const;
export type Form = (typeof FORMS)[number];

const FILES: Readonly<Record<Form, string>> = { python3: 'holder.py', perl: 'holder.pl', sh: 'holder.sh' };
const read = new Map<Form, string>();

/** The guest-side program, in ASCII. */
export function programOf(form: Form): string {
  const known = read.get(form);
  if (known !== undefined) return known;
  const text = readFileSync(fileURLToPath(new URL(FILES[form], import.meta.url)), 'ascii');
  read.set(form, text);
  return text;
}

/**
 * What starts a form whose program comes over its standard input, to the byte, so that the words that follow it are
 * left for the program. Nothing is left on the guest's disk.
 */
export function argvOf(form: Form, interpreter: string): readonly string[] {
  const bytes = String(programOf(form).length);
  switch (form) {
    case 'python3':
      return [interpreter, '-I', '-S', '-c', PYTHON, bytes];
    case 'perl':
      return [interpreter, '-e', PERL, bytes];
    case 'sh':
      return [interpreter, '-c', `eval "$(dd bs=1 count=${bytes} 2>/dev/null)"`];
  }
}

const PYTHON = `import os, sys
n, text = int(sys.argv[1]), b''
while len(text) < n:
    piece = os.read(0, n - len(text))
    if not piece: sys.exit(3)
    text += piece
exec(compile(text, 'holder', 'exec'))`;

const PERL = `my ($n, $text) = (shift, '');
while (length $text < $n) { sysread(STDIN, $text, $n - length $text, length $text) or exit 3 }
eval $text; die $@ if $@`;
