import { EXIT } from '../../base/fault.ts';
import type { HeldLock } from '../../base/lock-file.ts';
import { lockTexts } from '../../ui/status.ts';
import { askYes } from '../ask.ts';
import { knownTopology, openCatalog } from '../session.ts';
import type { Command } from '../verb.ts';

interface Flags {
  readonly breakLock?: true;
  readonly dryRun?: true;
}

/** Today it heals locks; it does not yet touch the arrays. */
export const mendCommand: Command<Flags> = {
  name: 'mend',
  summary: 'take away the locks of runs that are gone',
  about:
    'A lock whose process is gone heals by itself at the next run. One of another machine or container is respected until --break-lock.',
  flags: [
    ['--break-lock', 'also locks whose owner cannot be seen from here; says whose they are, and asks'],
    ['--dry-run', 'show what would be done'],
  ],
  async run(session, _args, flags) {
    const { output } = session;
    const { locks } = await openCatalog(session, await knownTopology(session));
    const held = await locks.held();
    const wanted = held.filter((lock) => isGone(lock) || (flags.breakLock === true && isDoubtful(lock)));
    const lines = (some: readonly HeldLock[]): readonly string[] => lockTexts(some).map((text) => `  ${text}`);
    const doubtful = wanted.filter((lock) => !isGone(lock));
    if (doubtful.length > 0 && flags.dryRun !== true)
      await askYes(session, ['These locks will be broken:', ...lines(doubtful)]);
    const broken: HeldLock[] = [];
    for (const lock of flags.dryRun === true ? [] : wanted) if (await locks.break(lock)) broken.push(lock);
    const shown = flags.dryRun === true ? wanted : broken;
    const left = held.filter((lock) => !shown.includes(lock));
    const title = flags.dryRun === true ? 'Would be taken away:' : 'Taken away:';
    output.document(
      [
        ...(shown.length === 0 ? ['No lock needs mending.'] : [title, ...lines(shown)]),
        ...(left.length === 0 ? [] : ['Respected:', ...lines(left)]),
      ],
      { type: 'mend', dryRun: flags.dryRun === true, taken: shown, respected: left },
    );
    return EXIT.done;
  },
};

function isGone(lock: HeldLock): boolean {
  return lock.kind === 'held' && lock.liveness === 'gone';
}

function isDoubtful(lock: HeldLock): boolean {
  return lock.kind === 'unreadable' || lock.liveness === 'elsewhere';
}
