import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import { lastLine, quoted } from '../../base/quoted.ts';
import { pasted } from '../../base/shell-word.ts';
import type { Shell } from '../../ports.ts';
import { type Remedy, sudoed } from '../../transport/sudo.ts';
import { factsIn, runsAsRoot } from '../probe/facts.ts';
import { formOf, sha256 } from './print.ts';
import { argvOf, type Form, programText } from './programs.ts';
import { type Session, session } from './session.ts';

export interface Delivery {
  /** `sent`: over the channel, nothing stays in the guest. Else: the path of a holder that the site installed. */
  readonly holder: 'sent' | { readonly path: string };
  /** Absent: only if the login is not root. */
  readonly sudo: boolean | undefined;
  /** Absent: the best that the guest has. */
  readonly form: Form | undefined;
  /** Where sudo does not let the login; absent: the holder that the site can install. */
  readonly remedy?: Remedy;
}

export interface Started {
  readonly session: Session;
  readonly form: Form;
  /** 'python3 holder over sudo' */
  readonly described: string;
}

/** Looks for the interpreters, also where a plain login's PATH does not lead. Python below 3.5 is none. */
const LOOK = `PATH=$PATH:/usr/sbin:/sbin:/usr/libexec
echo uid "$(id -u)"
for p in python3 platform-python; do
  p=$(command -v $p) && "$p" -I -S -c 'import sys; sys.exit(sys.version_info < (3, 5))' && echo python3 "$p" && break
done 2>/dev/null
p=$(command -v perl) && "$p" -T -e 'use POSIX; use Errno; use Fcntl' 2>/dev/null && echo perl "$p"
command -v fsfreeze >/dev/null && echo sh "$(command -v sh)"
true`;

/** Starts a holder in the guest, ready for its first word. */
export async function startHolder(shell: Shell, wanted: Delivery, limit: Deadline): Promise<Started> {
  return wanted.holder === 'sent'
    ? send(shell, wanted, limit)
    : startInstalled(shell, wanted.holder.path, wanted, limit);
}

async function send(shell: Shell, wanted: Delivery, limit: Deadline): Promise<Started> {
  const { exit, stdout, stderr } = await shell.run(['sh', '-c', LOOK], { deadline: limit });
  const found = new Map(stdout.split('\n').map((line) => pair(line)));
  const uid = found.get('uid');
  if (exit !== 0 || uid === undefined) {
    throw new Fault({
      code: 'quiesce.no-shell',
      message: `${shell.where}: the login runs no commands (exit ${exit}): ${lastLine(stderr)}`,
      hint: 'Where the login has a forced command, say so: `holder: installed`.',
    });
  }
  const order = wanted.form === undefined ? (['python3', 'perl', 'sh'] as const) : [wanted.form];
  const form = order.find((one) => found.has(one));
  const interpreter = form === undefined ? undefined : found.get(form);
  if (form === undefined || interpreter === undefined) {
    throw new Fault({
      code: 'quiesce.no-interpreter',
      message: `${shell.where}: neither of ${order.join(', ')} is there`,
      hint: 'Install python3 (3.5 or newer) or perl in the guest; sh needs fsfreeze (util-linux).',
    });
  }
  const elevated = wanted.sudo ?? uid !== '0';
  const dialogue = await (elevated ? sudoed(shell, wanted.remedy ?? installIt) : shell).start(
    argvOf(form, interpreter),
    limit,
  );
  dialogue.write(programText(form));
  return { session: session(dialogue, shell.where), form, described: described(form, elevated, 'sent') };
}

/** A line of sudoers for an interpreter would make the login root. */
function installIt(user: string): string {
  const print = pasted(['stillpoint', 'holder', 'print', '--user', user, '--mounts', 'PATHS']);
  return `Install the holder, and the lines of sudoers that let ${user} run it and nothing else: ${print}; then say \`holder: installed\`.`;
}

function pair(line: string): readonly [string, string] {
  const at = line.indexOf(' ');
  return [line.slice(0, at), line.slice(at + 1)];
}

function described(form: Form, elevated: boolean, how: 'sent' | 'installed'): string {
  return `${form} holder${how === 'installed' ? ', installed' : ''}${elevated ? ', over sudo' : ''}`;
}

/**
 * A holder that the site installed. The command that we ask for may be another one than runs: a forced command takes its
 * place. So the holder is asked to read out its own file, and only a text that we know gets a word to obey.
 */
async function startInstalled(shell: Shell, path: string, wanted: Delivery, limit: Deadline): Promise<Started> {
  for (const elevated of wanted.sudo === undefined ? [false, true] : [wanted.sudo]) {
    const started = session(await (elevated ? sudoed(shell, installIt) : shell).start([path], limit), shell.where);
    const facts = factsIn(await started.ask(['self'], (report) => report.kind === 'end', limit));
    const [file, text] = [...facts.files].find(([name]) => !name.startsWith('/proc/')) ?? [path, undefined];
    const form = text === undefined ? undefined : formOf(text.toString());
    if (form === undefined) {
      started.end();
      throw unknownProgram(shell.where, file, text?.toString());
    }
    if (elevated || wanted.sudo === false || runsAsRoot(facts)) {
      return { session: started, form, described: described(form, elevated, 'installed') };
    }
    started.end();
  }
  throw new Fault({ code: 'quiesce.not-root', message: `${shell.where}: ${path} does not run as root` });
}

function unknownProgram(where: string, file: string, text: string | undefined): Fault {
  return new Fault({
    code: 'quiesce.unknown-holder',
    message: `${where}: ${quoted(file)} is not the holder of this version${text === undefined ? '' : ` (SHA-256 ${sha256(text)})`}`,
    hint: 'Install the one that `stillpoint holder print` shows.',
  });
}
