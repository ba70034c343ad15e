import { EXIT, Fault } from '../base/fault.ts';
import { nearest } from '../base/nearest.ts';
import { own } from '../base/own.ts';

interface Meant {
  /** What the person wants: 'take a set'. */
  readonly to: string;
  readonly command: string;
  /** It is not there yet. */
  readonly later?: true;
}

const TAKE: Meant = { to: 'take a set', command: 'stillpoint snapshot GROUP' };
const HAND = 'docs/operations.md, "Back by hand"';
const BACK: Meant = { to: 'bring a set back', command: HAND, later: true };
const COPY: Meant = { to: 'work with the data of a set', command: HAND, later: true };
const REMOVE: Meant = { to: 'remove a set', command: 'stillpoint remove SET' };
const MEND: Meant = { to: 'finish or undo what a dead run left', command: 'stillpoint mend' };
const CHECK: Meant = { to: 'see whether everything stands', command: 'stillpoint check' };
const VERIFY: Meant = { to: 'see whether a set is still what it was', command: 'stillpoint verify SET' };
const PIN: Meant = { to: 'keep a set from removal', command: '`keep: { last: N }` in the topology', later: true };

/** What people type who know other tools. Asked before spelling is. */
const SYNONYMS: Readonly<Record<string, Meant>> = {
  freeze: TAKE,
  take: TAKE,
  create: TAKE,
  run: TAKE,
  restore: BACK,
  revert: BACK,
  rollback: BACK,
  clone: COPY,
  mount: COPY,
  backup: COPY,
  drill: { to: 'rehearse it', command: `stillpoint verify SET, then ${HAND}`, later: true },
  delete: REMOVE,
  rm: REMOVE,
  repair: MEND,
  recover: MEND,
  unlock: MEND,
  prove: VERIFY,
  scrub: VERIFY,
  validate: CHECK,
  doctor: CHECK,
  test: CHECK,
  hold: PIN,
  protect: PIN,
  pin: PIN,
  sets: { to: 'see the sets', command: 'stillpoint list' },
  ls: { to: 'see the sets', command: 'stillpoint list' },
  diff: { to: 'see what a run would do', command: 'stillpoint plan GROUP' },
};

/** "There is no `restore`. To bring a set back: …" */
export function unknownCommand(word: string, commands: readonly string[]): Fault {
  const meant = own(SYNONYMS, word.toLowerCase());
  const close = nearest(word, commands);
  const message = meant?.later === true ? `there is no \`${word}\` yet` : `there is no \`${word}\``;
  const hint =
    meant === undefined
      ? close === undefined
        ? 'To see what there is: stillpoint --help'
        : `Did you mean \`${close}\`?`
      : `To ${meant.to}: ${meant.command}`;
  return new Fault({ code: 'usage.unknown-command', message, hint, exit: EXIT.usage });
}
