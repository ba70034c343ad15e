import type { Deadline } from '../../base/deadline.ts';
import { Fault } from '../../base/fault.ts';
import type { Shell } from '../../ports.ts';
import { unescapeWord } from '../holder/words.ts';

/** Local file systems that can be frozen. */
const FREEZABLE = new Set(['ext2', 'ext3', 'ext4', 'xfs', 'btrfs', 'jfs', 'reiserfs', 'f2fs', 'nilfs2']);

/** Only who has run what it was told to says it: a login with a forced command answers whatever it likes, and exit 0. */
const ASKED = 'asked';

/**
 * Taking away a folder that is not there: the kernel asks for the right to write before it looks the name up, so on a
 * frozen file system this waits, and on any other it fails at once and has changed nothing (seen on Linux 6.18: ext4, xfs, btrfs).
 * All are asked at the same time; whoever has not come back after three seconds is told by its index. Those that wait
 * cannot be killed, and end by themselves at the thaw; they hold no end of the line.
 */
const ASK = `n=0; pids=
for mount; do
  rmdir "$mount/.stillpoint-asks-whether-you-write" </dev/null >/dev/null 2>&1 &
  pids="$pids $!"
done
while [ $n -lt 15 ]; do
  left=
  for pid in $pids; do kill -0 $pid 2>/dev/null && left=1; done
  [ -z "$left" ] && break
  sleep 0.2 2>/dev/null || sleep 1
  n=$((n+1))
done
n=0
for pid in $pids; do kill -0 $pid 2>/dev/null && echo "$n"; n=$((n+1)); done
echo ${ASKED}`;

/**
 * The mount points in this guest that take no write now. Creates nothing and changes nothing; needs no root. Rejects
 * with a Fault where the guest cannot be asked.
 */
export async function unwritable(shell: Shell, limit: Deadline): Promise<readonly string[]> {
  const table = await shell.run(['cat', '/proc/self/mounts'], { deadline: limit });
  if (table.exit !== 0) throw notAsked(shell.where);
  const mounts = mountPointsIn(table.stdout);
  const { exit, stdout } = await shell.run(['sh', '-c', ASK, 'sh', ...mounts], { deadline: limit });
  const said = stdout.trimEnd().split('\n');
  if (exit !== 0 || said.pop() !== ASKED) throw notAsked(shell.where);
  return said.flatMap((index) => mounts[Number(index)] ?? []);
}

/** No kernel prints a longer one, not even with four signs a byte. */
const LONGEST_PATH = 4 * 4096;
/** As many as a command line certainly takes. */
const MOST_ASKED = 1000;

/** One a device: what is mounted a second time is the same file system. */
function mountPointsIn(table: string): readonly string[] {
  const points = new Map<string, string>();
  for (const line of table.split('\n')) {
    const [device, path, type] = line.split(' ');
    if (device === undefined || path === undefined || type === undefined || !FREEZABLE.has(type)) continue;
    if (path.length <= LONGEST_PATH) points.set(device, unescapeWord(path));
  }
  return [...points.values()].slice(0, MOST_ASKED);
}

function notAsked(where: string): Fault {
  return new Fault({
    code: 'guest.not-asked',
    message: `${where}: it could not be asked whether it writes: the login runs no commands`,
    hint: 'Where the login has a forced command, look by hand: docs/operations.md, "When the exit code is 6".',
  });
}
