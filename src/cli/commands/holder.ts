import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT, Fault } from '../../base/fault.ts';
import { type HolderPrint, holderPrint, nameOf, type PrintedFile } from '../../quiesce/holder/print.ts';
import { FORMS, type Form } from '../../quiesce/holder/programs.ts';
import { usage } from '../flags.ts';
import type { Session } from '../session.ts';
import type { Args } from '../verb.ts';

interface Flags {
  readonly user: string;
  readonly mounts: string;
  readonly form: string;
  readonly key?: string;
  readonly interpreter?: string;
  readonly dir?: string;
}

export async function run({ output }: Session, [verb]: Args, flags: Flags): Promise<number> {
  if (verb !== 'print') throw usage(`there is no \`holder ${verb}\``, 'There is: stillpoint holder print');
  const form = FORMS.find((each) => each === (flags.form ?? 'python3'));
  if (form === undefined) throw usage(`--form ${flags.form} is none of ${FORMS.join(', ')}`, 'Write one of them.');
  const printed = holderPrint(await orderOf(flags, form));
  if (flags.dir !== undefined) await writeInto(flags.dir, filesOf(printed));
  const lines = flags.dir === undefined ? holderLines(printed) : writtenLines(printed, flags.dir);
  output.document(lines, { type: 'holder', ...printed });
  return EXIT.done;
}

async function orderOf(
  { user, mounts, key, interpreter }: Flags,
  form: Form,
): Promise<Parameters<typeof holderPrint>[0]> {
  if (user === undefined) throw usage('--user is missing', 'Name the login that Stillpoint uses in the guest.');
  const paths = (mounts ?? '').split(',').filter((path) => path !== '');
  if (paths.length === 0 || paths.some((path) => !path.startsWith('/'))) {
    throw usage(
      '--mounts needs the mount points that may be held',
      'For example: --mounts /srv/mail,/var/lib/postgresql',
    );
  }
  const order = { form, user, mounts: paths, ...(interpreter === undefined ? {} : { interpreter }) };
  if (key === undefined) return { ...order, way: 'sudo' };
  const publicKey = await readFile(key, 'utf8').catch((cause: unknown) => {
    throw new Fault({ code: 'usage.key', message: `the public key ${key} cannot be read`, exit: EXIT.usage, cause });
  });
  // What stands in a second line would be a key without limits.
  const [line = '', ...more] = publicKey.trim().split('\n');
  if (!/^(ssh|ecdsa|sk)-\S+ \S+/.test(line) || more.length > 0) {
    throw usage(`${key} is not one public key`, 'Name the .pub file of the key, as ssh-keygen wrote it.');
  }
  return { ...order, way: 'forced-command', publicKey: line };
}

async function writeInto(folder: string, files: readonly PrintedFile[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const file of files) {
      await writeFile(join(folder, nameOf(file)), file.text, { flag: 'wx', mode: Number.parseInt(file.mode, 8) });
    }
  } catch (cause) {
    const message = `the files cannot be written into ${folder}: ${cause instanceof Error ? cause.message : cause}`;
    throw new Fault({ code: 'usage.dir', message, hint: 'Name a new folder.', exit: EXIT.usage, cause });
  }
}

function filesOf({ allowList, sudoers, program }: HolderPrint): readonly PrintedFile[] {
  return [allowList, ...(sudoers === undefined ? [] : [sudoers]), program];
}

/** The commands as one, which ends where one of them fails. */
function chained(commands: readonly string[]): readonly string[] {
  return commands.map((command, index) => (index < commands.length - 1 ? `${command} &&` : command));
}

function writtenLines(printed: HolderPrint, folder: string): readonly string[] {
  const { authorizedKey, commands } = printed;
  return [
    `# Written into ${folder}: ${filesOf(printed).map(nameOf).join(', ')}.`,
    '# Copy that folder into the guest. There, as root, in that folder:',
    ...chained(commands),
    ...(authorizedKey === undefined ? [] : ['', '# For authorized_keys of the login:', authorizedKey]),
  ];
}

function holderLines(printed: HolderPrint): readonly string[] {
  const { program, authorizedKey, commands } = printed;
  const file = ({ path, mode, text, sha256 }: PrintedFile): readonly string[] => [
    `# ---- ${path} (root:root ${mode}, SHA-256 ${sha256})`,
    ...text.trimEnd().split('\n'),
  ];
  return [
    `# Holder for guests of Stillpoint. SHA-256 of the program: ${program.sha256}`,
    '# The program is the last of them, to the end of this text. `--dir FOLDER` writes them as files.',
    '# To install it, run as root in the guest, with these files in the current folder:',
    ...chained(commands).map((command) => `#   ${command}`),
    '',
    ...filesOf(printed).flatMap((each) => (each === program ? [] : [...file(each), ''])),
    ...(authorizedKey === undefined ? [] : ['# ---- authorized_keys of the login', authorizedKey, '']),
    // Last, and with nothing behind it: what is cut out from #! to the end has the sum that is printed above.
    ...file(program),
  ];
}
