import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import { settle } from '../base/gather.ts';
import { unreachable } from '../base/unreachable.ts';
import type { Dialogue, Shell } from '../ports.ts';
import { programOf, SUDO } from './command.ts';

/** What to do where sudo does not let a user run something; without one, a line of sudoers for just that program. */
export type Remedy = (user: string) => string;

/** The same shell, but everything runs as root: `sudo -n`, which never asks. */
export function sudoed(shell: Shell, remedy?: Remedy): Shell {
  return {
    where: shell.where,
    async run(argv, options) {
      const result = await shell.run([...SUDO, ...argv], options);
      const refusal = refusalIn(result.exit, result.stderr);
      if (refusal !== undefined) throw await explain(refusal, { shell, argv, remedy }, options.deadline);
      return result;
    },
    async start(argv, deadline) {
      return explained(await shell.start([...SUDO, ...argv], deadline), { shell, argv, remedy }, deadline);
    },
    close: () => shell.close(),
  };
}

interface Attempt {
  readonly shell: Shell;
  readonly argv: readonly string[];
  readonly remedy: Remedy | undefined;
}

function explained(dialogue: Dialogue, attempt: Attempt, deadline: Deadline): Dialogue {
  const ended = dialogue.ended.then(async (end) => {
    const refusal = refusalIn(end.exit, end.stderr);
    if (refusal === undefined) return end;
    const { message, hint } = await explain(refusal, attempt, deadline);
    return { ...end, why: `${message}. ${hint}` };
  });
  return { ...dialogue, ended };
}

type Refusal = 'password' | 'not-allowed' | 'requiretty' | 'missing';

/** Tells sudo's own refusals from the failures of what it ran, by the texts of sudo 1.8 and 1.9 under LC_ALL=C. */
function refusalIn(exit: number | null, stderr: string): Refusal | undefined {
  if (exit === 0) return undefined;
  if (/^(sudo: )?sorry, you must have a tty to run sudo/m.test(stderr)) return 'requiretty';
  if (/^sudo: (a password is required|a terminal is required|no tty present)/m.test(stderr)) return 'password';
  if (/^\S+ is not in the sudoers file|^Sorry, user \S+ (is not allowed|may not run)/m.test(stderr))
    return 'not-allowed';
  return /^(env|[a-z]*sh): .*sudo.*(not found|No such file)/m.test(stderr) ? 'missing' : undefined;
}

async function explain(refusal: Refusal, { shell, argv, remedy }: Attempt, deadline: Deadline): Promise<Fault> {
  const { where } = shell;
  const { user, path } = await whoAndWhat(shell, programOf(argv), deadline);
  const fault = (truth: string, hint: string): Fault =>
    new Fault({ code: `sudo.${refusal}`, message: `${where}: ${truth}`, hint });
  const file = `Add to /etc/sudoers.d/stillpoint on ${where} (visudo -f)`;
  const allowed =
    remedy?.(user) ??
    (DOES_ANYTHING.test(programOf(argv))
      ? `Log in as root there, or allow ${user} all (${user} ALL=(root) NOPASSWD: ALL): a line for ${path} would be no less.`
      : `${file}: ${user} ALL=(root) NOPASSWD: ${path}`);
  switch (refusal) {
    case 'password':
      return fault(`sudo asks ${user} for a password to run ${path}`, allowed);
    case 'not-allowed':
      return fault(`sudo does not let ${user} run ${path}`, allowed);
    case 'requiretty':
      return fault(`sudo serves ${user} only at a terminal (requiretty)`, `${file}: Defaults:${user} !requiretty`);
    case 'missing':
      return fault('sudo is not installed', 'Install sudo there, or log in as root.');
    default:
      return unreachable(refusal);
  }
}

/** Whoever may run one of these as root, with words of his own, is root. */
const DOES_ANYTHING = /(^|\/)(\w*sh|busybox|(platform-)?python[\d.]*|perl[\d.]*|awk|env|find|cp|mv|dd|tee|tar)$/;

/** What the line in sudoers is made of; asked for only once it is needed, and guessed where nobody answers. */
async function whoAndWhat(shell: Shell, program: string, deadline: Deadline): Promise<{ user: string; path: string }> {
  const question = ['sh', '-c', 'id -un; PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1"', 'sh', program];
  const answer = await settle(() => shell.run(question, { deadline }));
  const [user = '', path = ''] = answer.ok ? answer.value.stdout.trim().split('\n') : [];
  return {
    user: /^[\w.-]+\$?$/.test(user) ? user : 'USER',
    // A line for sudoers is made of it: a comma would begin another command there.
    path: /^\/[\w./+-]+$/.test(path) ? path : `/PATH/TO/${program}`,
  };
}
