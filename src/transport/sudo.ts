import { Fault } from '../base/fault.ts';
import type { Dialogue, Shell } from '../ports.ts';
import { programOf, SUDO } from './command.ts';

/** The same shell, but everything runs as root: `sudo -n`, which never asks. */
export function sudoed(shell: Shell): Shell {
  return {
    where: shell.where,
    async run(argv, options) {
      const result = await shell.run([...SUDO, ...argv], options);
      const refusal = result.exit === 0 ? undefined : sudoRefusal(shell.where, argv, result.stderr);
      if (refusal !== undefined) throw refusal;
      return result;
    },
    async start(argv, deadline) {
      return explained(await shell.start([...SUDO, ...argv], deadline), shell.where, argv);
    },
    close: () => shell.close(),
  };
}

function explained(dialogue: Dialogue, where: string, argv: readonly string[]): Dialogue {
  const ended = dialogue.ended.then((end) => {
    const refusal = end.exit === 0 ? undefined : sudoRefusal(where, argv, end.stderr);
    return refusal === undefined ? end : { ...end, why: `${refusal.message}. ${refusal.hint}` };
  });
  return { ...dialogue, ended };
}

/** Tells sudo's own refusals from the failures of what it ran. The texts are those of sudo 1.8 to 1.9 under LC_ALL=C. */
function sudoRefusal(where: string, argv: readonly string[], stderr: string): Fault | undefined {
  const program = programOf(argv);
  const refuse = (code: string, truth: string, hint: string): Fault =>
    new Fault({ code: `sudo.${code}`, message: `${where}: ${truth}`, hint });
  if (/^sorry, you must have a tty to run sudo|^sudo: sorry, you must have a tty/m.test(stderr)) {
    return refuse(
      'requiretty',
      'sudo runs only from a terminal there (requiretty)',
      `Add to /etc/sudoers.d/stillpoint on ${where}: Defaults:USER !requiretty   (USER is the login's name)`,
    );
  }
  if (
    /^sudo: (a password is required|a terminal is required|no tty present)|^sudo: interactive authentication/m.test(
      stderr,
    )
  ) {
    return refuse('password', `sudo asks for a password before it runs ${program}`, sudoersLine(where, program));
  }
  if (/is not in the sudoers file|is not allowed to (execute|run sudo)|^Sorry, user/m.test(stderr)) {
    return refuse('not-allowed', `sudo does not let this login run ${program}`, sudoersLine(where, program));
  }
  if (/^(env|[a-z]*sh): .*sudo.*(not found|No such file)/m.test(stderr)) {
    return refuse('missing', 'sudo is not installed', 'Install sudo there, or log in as root.');
  }
  return undefined;
}

function sudoersLine(where: string, program: string): string {
  const path = program.startsWith('/') ? program : `/PATH/TO/${program}`;
  return `Add to /etc/sudoers.d/stillpoint on ${where} (visudo -f): USER ALL=(root) NOPASSWD: ${path}`;
}
