import { createHash } from 'node:crypto';
import { FORMS, type Form, programText } from './programs.ts';
import { escapeWord } from './words.ts';

export const INSTALLED_PATH = '/usr/local/sbin/stillpoint-holder';
export const ALLOW_LIST_PATH = '/etc/stillpoint/mounts';

export interface PrintOrder {
  readonly form: Form;
  /** The interpreter's absolute path in the guest; absent: where Debian has it. */
  readonly interpreter?: string;
  /** The login that Stillpoint uses. */
  readonly user: string;
  /** `sudo`: an ordinary login that may run the holder and nothing else as root. `forced-command`: a key that can only run it. */
  readonly way: 'sudo' | 'forced-command';
  /** The mounts that may be held; no others can be. */
  readonly mounts: readonly string[];
  /** The public key, as in id_ed25519.pub, for the forced command. */
  readonly publicKey?: string;
}

/** A file to be made in the guest: root's, with this mode. */
export interface PrintedFile {
  readonly path: string;
  readonly mode: string;
  readonly text: string;
  readonly sha256: string;
}

export interface HolderPrint {
  readonly program: PrintedFile;
  readonly allowList: PrintedFile;
  /** Absent for root's own login. */
  readonly sudoers?: PrintedFile;
  /** The line for the login's authorized_keys; only for a forced command. */
  readonly authorizedKey?: string;
  /** What to run in the guest as root, each if the one before it succeeded, with the files in the current folder. */
  readonly commands: readonly string[];
}

const INTERPRETERS: Readonly<Record<Form, string>> = {
  python3: '/usr/bin/python3',
  perl: '/usr/bin/perl',
  sh: '/bin/sh',
};
/** What keeps modules and settings out that the caller's environment names. */
const FLAGS: Readonly<Record<Form, string>> = { python3: ' -IS', perl: ' -T', sh: '' };
/** The path that the programs set for themselves. */
const SECURE_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** All that a site needs to install the holder itself, so that our login can do nothing but probe, hold and release. */
export function holderPrint(order: PrintOrder): HolderPrint {
  const text = rendered(order.form, order.interpreter ?? INTERPRETERS[order.form]);
  const program = printed(INSTALLED_PATH, '0755', text);
  const allowList = printed(ALLOW_LIST_PATH, '0644', allowListText(order.mounts));
  const sudoers =
    order.user === 'root' ? undefined : printed('/etc/sudoers.d/stillpoint', '0440', sudoersText(order.user));
  const forced = order.way === 'forced-command';
  const command = order.user === 'root' ? INSTALLED_PATH : `sudo -n ${INSTALLED_PATH}`;
  const files = [program, allowList, ...(sudoers === undefined ? [] : [sudoers])];
  return {
    program,
    allowList,
    ...(sudoers === undefined ? {} : { sudoers }),
    ...(forced ? { authorizedKey: `command="${command}",restrict ${order.publicKey ?? 'ssh-ed25519 AAAA…'}` } : {}),
    commands: commandsFor(files),
  };
}

function printed(path: string, mode: string, text: string): PrintedFile {
  return { path, mode, text, sha256: sha256(text) };
}

/** What the file is called where it waits to be installed. */
export function nameOf({ path }: PrintedFile): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The sums are those of copies that only root can change, and are looked at before anything is installed. */
function commandsFor(files: readonly PrintedFile[]): readonly string[] {
  const sums = files.map((file) => `'${file.sha256}  ${nameOf(file)}'`);
  return [
    'new=$(mktemp -d)',
    `cp ${files.map(nameOf).join(' ')} "$new"`,
    'cd "$new"',
    `printf '%s\\n' ${sums.join(' ')} | sha256sum -c`,
    ...files.filter(({ path }) => path.startsWith('/etc/sudoers.d/')).map((file) => `visudo -c -f ${nameOf(file)}`),
    'install -d -o root -g root -m 0755 /etc/stillpoint',
    ...files.map((file) => `install -o root -g root -m ${file.mode} ${nameOf(file)} ${file.path}`),
  ];
}

function allowListText(mounts: readonly string[]): string {
  return [
    '# The longest hold, in seconds; 120 at most.',
    'max-lease=120s',
    '# Mount points that Stillpoint may hold, one a line, spelled as in /proc/self/mounts.',
    ...mounts.map(escapeWord),
    '',
  ].join('\n');
}

/**
 * Exactly this program, no argument, and nothing of the caller's environment; its input and output stay its own, for while
 * `/` is frozen no log can be written.
 */
function sudoersText(user: string): string {
  return [
    `Defaults!${INSTALLED_PATH} env_reset, !setenv, secure_path="${SECURE_PATH}"`,
    `Defaults!${INSTALLED_PATH} !requiretty, !log_input, !log_output`,
    `${user} ALL=(root) NOPASSWD: ${INSTALLED_PATH} ""`,
    '',
  ].join('\n');
}

/** The form of an installed program's text; undefined: it is none of this version's. */
export function formOf(text: string): Form | undefined {
  return FORMS.find((form) => {
    const interpreter = /^#!(\/[\w./-]+)/.exec(text)?.[1] ?? '';
    return text === rendered(form, interpreter);
  });
}

function rendered(form: Form, interpreter: string): string {
  const bound = programText(form).replace(/^((?:my \$)?ALLOW_LIST ?= ?)''/m, `$1'${ALLOW_LIST_PATH}'`);
  // bash takes functions from the environment, and other shells their settings: the program begins anew without one.
  const alone = form === 'sh' ? `case $# in 0) exec /usr/bin/env -i ${interpreter} "$0" - ;; esac\n` : '';
  return `#!${interpreter}${FLAGS[form]}\n${alone}${bound}`;
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
