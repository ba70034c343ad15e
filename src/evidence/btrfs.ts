import type { Deadline } from '../base/deadline.ts';
import type { Content } from './contents.ts';
import type { Check, Recovery } from './evidence.ts';
import { errorsOr, notLookedAt } from './says.ts';
import { runOn, type Stretch } from './stretch.ts';

type Btrfs = Extract<Content, { kind: 'btrfs' }>;

/** A freeze commits, and a commit drops the log that fsync writes. */
export function btrfsRecovery({ hasLog }: Btrfs): Recovery {
  return hasLog
    ? { needed: 'yes', because: 'it has an fsync log to replay' }
    : { needed: 'no', because: 'it has no log to replay' };
}

/** Its trees are whole at every moment, with a log to replay or without. */
export async function btrfsCheck({ devices }: Btrfs, stretch: Stretch, deadline: Deadline): Promise<Check> {
  const program = 'btrfs check --readonly';
  if (devices > 1) return notLookedAt(`it is spread over ${devices} devices`);
  const ran = await runOn(stretch, ['btrfs', 'check', '--readonly'], deadline);
  if (!ran.ran) return notLookedAt(ran.why);
  // 1: it found errors. Anything else, as 137 where memory ran out, kept it from its work.
  if (ran.exit === 1) return errorsOr(program, ran, /error/i);
  return ran.exit === 0 ? { kind: 'sound', program } : notLookedAt(`${program} ended with ${ran.exit}`);
}
