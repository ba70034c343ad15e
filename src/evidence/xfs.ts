import type { Deadline } from '../base/deadline.ts';
import type { Content } from './contents.ts';
import type { Check, Recovery } from './evidence.ts';
import { errorsOr, notLookedAt } from './says.ts';
import { runOn, type Stretch } from './stretch.ts';

type Xfs = Extract<Content, { kind: 'xfs' }>;

/** Where the log of an xfs stands. */
export type XfsLog =
  | { readonly kind: 'clean' }
  /** Only the superblock is to be written again: how a freeze leaves it. */
  | { readonly kind: 'covered' }
  | { readonly kind: 'dirty' }
  | { readonly kind: 'unread'; readonly why: string };

/** Of a busy log there is much to print; that it is busy shows at its beginning. */
const PRINT = 'xfs_logprint -t "$1" 2>&1 | head -c 65536';

export async function xfsLog({ logIsElsewhere }: Xfs, stretch: Stretch, deadline: Deadline): Promise<XfsLog> {
  if (logIsElsewhere) return { kind: 'unread', why: 'its log lies on another device' };
  const ran = await runOn(stretch, ['sh', '-c', PRINT, 'stillpoint'], deadline, 'xfs_logprint');
  return ran.ran ? logIn(ran.stdout) : { kind: 'unread', why: ran.why };
}

/**
 * What `xfs_logprint -t` prints (xfsprogs 6.1). An unmount leaves a clean log. A freeze writes everything out, then the
 * superblock twice: so that a crash while frozen looks for deleted files that were open.
 */
export function logIn(text: string): XfsLog {
  const state = /^\s*log tail: \d+ head: \d+ state: <(\w+)>$/m.exec(text)?.[1];
  if (state === 'CLEAN') return { kind: 'clean' };
  const items = text.match(/^[A-Z]+: cnt:/gm)?.length ?? 0;
  const ofSuperblock = text.match(/^\s+SUPER Block Buffer:/gm)?.length ?? 0;
  if (state !== 'DIRTY' || items === 0)
    return { kind: 'unread', why: 'xfs_logprint does not say where its log stands' };
  return { kind: items === ofSuperblock ? 'covered' : 'dirty' };
}

export function xfsRecovery(log: XfsLog): Recovery {
  switch (log.kind) {
    case 'clean':
      return { needed: 'no', because: 'its log is clean' };
    case 'covered':
      return { needed: 'no', because: 'its log holds the superblock and nothing else' };
    case 'dirty':
      return { needed: 'yes', because: 'its log holds changes' };
    case 'unread':
      return { needed: 'unknown', because: log.why };
  }
}

/** What `xfs_repair -n` says of every frozen xfs: its counters, and files that were open and deleted. */
const OF_EVERY_FROZEN_ONE =
  /^(sb_(fdblocks|icount|ifree) \d+, counted \d+|agi unlinked bucket \d+ is \d+ in ag \d+ \(inode=\d+\)|(disconnected inode \d+, would move to lost\+found)|would have reset inode \d+ nlinks from 0 to 1)$/;
/** Its progress, and its warning that it leaves the log alone. */
const PROGRESS =
  /^(Phase \d|\s+- |ALERT: |ignored because|which may be resolved|No modify flag set|Cannot get host|Repair may fail|the image and the host|$)/;

/** `xfs_repair -n`, where its answer means something. */
export async function xfsCheck(log: XfsLog, stretch: Stretch, deadline: Deadline): Promise<Check> {
  const program = 'xfs_repair -n';
  if (log.kind === 'unread') return notLookedAt(log.why);
  if (log.kind === 'dirty') return notLookedAt(`${program} means nothing before the log is replayed`);
  const ran = await runOn(stretch, ['xfs_repair', '-n'], deadline);
  if (!ran.ran) return notLookedAt(ran.why);
  if (ran.exit === 0) return { kind: 'sound', program };
  if (ran.exit !== 1) return notLookedAt(`${program} ended with ${ran.exit}`);
  if (log.kind === 'clean') return errorsOr(program, ran, /bad|corrupt|would|wrong/i);
  const says = unexplained(`${ran.stdout}\n${ran.stderr}`);
  return says === undefined ? { kind: 'sound', program } : { kind: 'doubts', program, says };
}

/** The first line that a frozen file system does not explain. */
export function unexplained(text: string): string | undefined {
  return text.split('\n').find((line) => !OF_EVERY_FROZEN_ONE.test(line) && !PROGRESS.test(line));
}
