import type { Deadline } from '../base/deadline.ts';
import { Fault } from '../base/fault.ts';
import type { CommandResult, Exposed } from '../ports.ts';

/** Where an image can be looked at: a file or a block device on some machine. */
export type ImagePlace = Pick<Exposed, 'shell' | 'image'>;

/** A partition, as its table says. */
export interface Partition {
  readonly number: number;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** What is looked at as one: a partition, or without one the whole image. */
export interface Stretch extends ImagePlace {
  readonly partition?: Partition;
}

/** A program that ran to its end, or the reason why it could not. */
export type Ran = (CommandResult & { readonly ran: true }) | { readonly ran: false; readonly why: string };

export async function sizeOf(place: ImagePlace, deadline: Deadline): Promise<bigint> {
  const script = 'if [ -b "$1" ]; then exec blockdev --getsize64 "$1"; else exec stat -L -c %s -- "$1"; fi';
  const text = await expect(place, ['sh', '-c', ADMIN_PATH + script, 'stillpoint', place.image], deadline);
  return BigInt(text.trim());
}

/** Bytes of the image; fewer where it ends before. */
export async function readBytes(
  { shell, image }: ImagePlace,
  offset: number,
  length: number,
  deadline: Deadline,
): Promise<Buffer> {
  const argv = ['od', '-An', '-v', '-tx1', '-j', String(offset), '-N', String(length), '--', image];
  const hex = await expect({ shell, image }, argv, deadline);
  return Buffer.from(hex.replace(/\s+/g, ''), 'hex');
}

/**
 * Runs a program on the stretch; its path is the last argument. It cannot write: of a partition it gets a read-only loop
 * device, which nobody has to take away, and of the whole image the programs here are told not to.
 *
 * @param needed the program that has to be there, where argv begins with another
 */
export async function runOn(
  { shell, image, partition }: Stretch,
  argv: readonly string[],
  deadline: Deadline,
  needed = argv[0] ?? '',
): Promise<Ran> {
  const { offset, sizeBytes } = partition ?? { offset: '', sizeBytes: '' };
  const seconds = Math.max(1, Math.ceil(deadline.remainingMs() / 1000));
  const words = [image, offset, sizeBytes, seconds, needed].map(String);
  const result = await shell.run(['sh', '-c', ON_STRETCH, 'stillpoint', ...words, ...argv], { deadline });
  const [, cause, what = ''] = /^stillpoint-(missing|no-loop): ?(.*)$/m.exec(result.stderr) ?? [];
  if (cause === 'missing') return { ran: false, why: `${PACKAGES[what] ?? what} is not on ${shell.where}` };
  if (cause === 'no-loop') return { ran: false, why: `no loop device on ${shell.where}: ${what}` };
  return { ...result, ran: true };
}

/** Where programs of administrators are, and logins that are none do not look. */
const ADMIN_PATH = 'PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin; LC_ALL=C; export PATH LC_ALL\n';

/**
 * Detached while it is open, the loop device goes with whoever has it open last, however that ends. The time limit is
 * for a line that is lost: sshd ends nothing that still runs.
 */
const ON_STRETCH = `${ADMIN_PATH}
image=$1 offset=$2 size=$3 seconds=$4 needed=$5
shift 5
for program in timeout "$needed"; do
  command -v "$program" >/dev/null || { echo "stillpoint-missing: $program" >&2; exit 1; }
done
[ -n "$offset" ] || exec timeout -k 5 "$seconds" "$@" "$image"
device=$(losetup -r -f --show -o "$offset" --sizelimit "$size" "$image" 2>&1) || {
  echo "stillpoint-no-loop: $device" >&2
  exit 1
}
exec 9<"$device"
losetup -d "$device"
exec timeout -k 5 "$seconds" "$@" "$device"`;

const PACKAGES: Readonly<Record<string, string>> = {
  btrfs: 'btrfs-progs',
  debugfs: 'e2fsprogs',
  e2fsck: 'e2fsprogs',
  timeout: 'coreutils',
  unshare: 'util-linux',
  xfs_logprint: 'xfsprogs',
  xfs_repair: 'xfsprogs',
};

async function expect({ shell, image }: ImagePlace, argv: readonly string[], deadline: Deadline): Promise<string> {
  const { exit, stdout, stderr } = await shell.run(argv, { deadline });
  if (exit === 0) return stdout;
  throw new Fault({
    code: 'evidence.unreadable',
    message: `${shell.where}: ${image} cannot be read: ${stderr.trim().split('\n').at(-1) ?? ''}`,
    hint: 'The login of that array has to be allowed to read its snapshots.',
  });
}
