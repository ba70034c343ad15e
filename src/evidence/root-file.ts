import type { Deadline } from '../base/deadline.ts';
import type { Evidence } from './evidence.ts';
import { type ImagePlace, type Ran, runOn, type Stretch } from './stretch.ts';

/** What became of reading a file at the root of a file system. */
export type RootFile =
  | { readonly kind: 'read'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unread'; readonly why: string };

/** What a program may print in all: more of a file could not come back from there. */
const LARGEST_BYTES = 16 * 1024 * 1024;

const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** That file of every file system of an image that can have one, and can be read as it lies. */
export async function readRootFiles(
  place: ImagePlace,
  { parts }: Evidence,
  name: string,
  deadline: Deadline,
): Promise<readonly RootFile[]> {
  const found: RootFile[] = [];
  for (const part of parts) {
    const fileSystem = MOUNTABLE[part.what];
    if (fileSystem === undefined) continue;
    const stretch = part.partition === undefined ? place : { ...place, partition: part.partition };
    if (part.recovery?.needed === 'no') found.push(await readRootFile(stretch, fileSystem, name, deadline));
    else found.push({ kind: 'unread', why: `${part.what} would have to be recovered first` });
  }
  return found;
}

type FileSystem = 'ext4' | 'xfs' | 'btrfs';
const MOUNTABLE: Readonly<Record<string, FileSystem>> = { ext3: 'ext4', ext4: 'ext4', xfs: 'xfs', btrfs: 'btrfs' };

/**
 * Reads it without writing: nothing is replayed, so what it held may be read only where nothing needs to be. An ext4 is
 * read without mounting it; xfs and btrfs are mounted read-only where only that one process sees it.
 */
async function readRootFile(
  stretch: Stretch,
  fileSystem: FileSystem,
  name: string,
  deadline: Deadline,
): Promise<RootFile> {
  if (!PLAIN_NAME.test(name)) throw new Error(`${name} is no plain name`);
  if (fileSystem === 'ext4') return fromDebugfs(await runOn(stretch, ['debugfs', '-R', `cat /${name}`], deadline));
  const options = `ro,nodev,nosuid,noexec,norecovery${fileSystem === 'xfs' ? ',nouuid' : ''}`;
  const words = ['unshare', '-m', 'sh', '-c', MOUNTED, 'stillpoint', fileSystem, options, name, `${LARGEST_BYTES}`];
  return fromMount(await runOn(stretch, words, deadline));
}

/**
 * In a mount namespace of its own, which ends with it: a kill leaves no mount. A file is mounted through a loop device.
 * What lies there is the guest's: a link would lead out into this machine, a pipe would be waited for, a device opened.
 */
const MOUNTED = `
[ -b "$5" ] || set -- "$1" "$2,loop" "$3" "$4" "$5"
mount -t "$1" -o "$2" -- "$5" /mnt || exit 32
cd /mnt
[ -e "$3" ] || [ -L "$3" ] || { echo stillpoint-absent >&2; exit 0; }
[ -f "$3" ] && [ ! -L "$3" ] || { echo "$3 is no plain file" >&2; exit 33; }
[ "$(stat -c %s -- "$3")" -le "$4" ] || { echo "$3 is larger than $4 bytes" >&2; exit 34; }
exec cat -- "$3"`;

function fromMount(ran: Ran): RootFile {
  if (!ran.ran) return { kind: 'unread', why: ran.why };
  if (/^stillpoint-absent$/m.test(ran.stderr)) return { kind: 'absent' };
  return ran.exit === 0 ? { kind: 'read', text: ran.stdout } : { kind: 'unread', why: lastLine(ran.stderr) };
}

/** Its exit code tells nothing; it begins by naming its version on standard error. */
function fromDebugfs(ran: Ran): RootFile {
  if (!ran.ran) return { kind: 'unread', why: ran.why };
  const said = ran.stderr.replace(/^debugfs \d.*$/m, '').trim();
  if (/File not found by ext2_lookup/.test(said)) return { kind: 'absent' };
  return said === '' ? { kind: 'read', text: ran.stdout } : { kind: 'unread', why: lastLine(said) };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
