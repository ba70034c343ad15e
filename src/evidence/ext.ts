import type { Deadline } from '../base/deadline.ts';
import type { Content } from './contents.ts';
import type { Check, Recovery } from './evidence.ts';
import { errorsOr, notLookedAt } from './says.ts';
import { runOn, type Stretch } from './stretch.ts';

type Ext = Extract<Content, { kind: 'ext' }>;

/** The kernel takes the mark away when it freezes or unmounts, and sets it again when it may write. */
export function extRecovery({ type, hasJournal, needsRecovery }: Ext): Recovery {
  if (!hasJournal) return { needed: 'unknown', because: `this ${type} has no journal, which would tell` };
  return needsRecovery
    ? { needed: 'yes', because: 'needs_recovery is set' }
    : { needed: 'no', because: 'needs_recovery is not set' };
}

/** `e2fsck -fn`, where its answer means something. */
export async function extCheck(ext: Ext, stretch: Stretch, deadline: Deadline): Promise<Check> {
  const program = 'e2fsck -fn';
  if (!ext.hasJournal) return notLookedAt(`${program} means little without a journal`);
  if (ext.needsRecovery) return notLookedAt(`${program} means nothing before the journal is replayed`);
  if (ext.hasOrphans) {
    return notLookedAt(`${program} takes files for errors that were open and deleted, and there are such files`);
  }
  const ran = await runOn(stretch, ['e2fsck', '-fn'], deadline);
  if (!ran.ran) return notLookedAt(ran.why);
  // A sum. 4: errors are left; of 8 and more, something kept it from its work.
  if (((ran.exit ?? 0) & 4) !== 0) return errorsOr(program, ran, /\?\s+no$|differences|wrong|error/i);
  return ran.exit === 0 ? { kind: 'sound', program } : notLookedAt(`${program} ended with ${ran.exit}`);
}
