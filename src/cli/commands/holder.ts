import { readFile } from 'node:fs/promises';
import { EXIT, Fault } from '../../base/fault.ts';
import { type HolderPrint, holderPrint } from '../../quiesce/holder/print.ts';
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
}

export async function run({ output }: Session, [verb]: Args, flags: Flags): Promise<number> {
  if (verb !== 'print') throw usage(`there is no \`holder ${verb}\``, 'There is: stillpoint holder print');
  const form = FORMS.find((each) => each === (flags.form ?? 'python3'));
  if (form === undefined) throw usage(`--form ${flags.form} is none of ${FORMS.join(', ')}`, 'Write one of them.');
  const printed = holderPrint(await orderOf(flags, form));
  output.document(holderLines(printed), { type: 'holder', ...printed });
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
  return { ...order, way: 'forced-command', publicKey: publicKey.trim() };
}

function holderLines({ program, allowList, sudoers, authorizedKey, commands }: HolderPrint): readonly string[] {
  const file = ({ path, mode, text }: { path: string; mode: string; text: string }): readonly string[] => [
    `# ---- ${path} (root:root ${mode})`,
    ...text.trimEnd().split('\n'),
  ];
  return [
    `# Holder for guests of Stillpoint. SHA-256 of the program: ${program.sha256}`,
    '# The program is the last of them, to the end of this text; or, of --json: jq -j .program.text',
    '# To install it, run as root in the guest, with these files in the current folder:',
    ...commands.map((command) => `#   ${command}`),
    '',
    ...file(allowList),
    '',
    ...(sudoers === undefined ? [] : [...file(sudoers), '']),
    ...(authorizedKey === undefined ? [] : ['# ---- authorized_keys of the login', authorizedKey, '']),
    // Last, and with nothing behind it: what is cut out from #! to the end has the sum that is printed above.
    ...file(program),
  ];
}
