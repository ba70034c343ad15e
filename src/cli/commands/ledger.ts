import { EXIT, Fault } from '../../base/fault.ts';
import { gather } from '../../base/gather.ts';
import { ledgerTextAt } from '../../ledger/files.ts';
import { ledgerProgram, type WriteOrder } from '../../ledger/program.ts';
import { MOST_SLOTS, MOST_VOLUMES } from '../../ledger/record.ts';
import { judgeLedger } from '../../ledger/rule.ts';
import { ledgerDocument, ledgerLines } from '../../ui/ledger.ts';
import { durationFlag, usage } from '../flags.ts';
import { write } from '../ledger/write.ts';
import type { Session } from '../session.ts';
import type { Args } from '../verb.ts';

interface Flags {
  readonly vm?: string;
  readonly for?: string;
  readonly every?: string;
  readonly records?: string;
  readonly at?: string;
}

export async function run(session: Session, [verb, ...given]: Args, flags: Flags): Promise<number> {
  const paths = given.filter((path) => path !== undefined);
  switch (verb) {
    case 'write':
      only(flags, ['vm', 'for', 'every', 'records'], verb);
      return write(session, orderOf(paths, flags), flags.vm);
    case 'check':
      only(flags, ['at'], verb);
      return check(session, paths, flags.at);
    case 'print':
      only(flags, [], verb);
      session.cli.stdout.write(ledgerProgram());
      return EXIT.done;
    default:
      throw usage(`there is no \`ledger ${verb}\``, 'There is: stillpoint ledger write, check, print');
  }
}

function only(flags: Flags, known: readonly (keyof Flags)[], verb: string): void {
  const strange = (['vm', 'for', 'every', 'records', 'at'] as const).find(
    (flag) => flags[flag] !== undefined && !known.includes(flag),
  );
  if (strange !== undefined) throw usage(`\`ledger ${verb}\` has no --${strange}`, 'stillpoint ledger --help');
}

function orderOf(folders: readonly string[], flags: Flags): WriteOrder {
  if (folders.length < 2) throw usage('a ledger needs two folders at least', 'Name one on each disk.');
  if (folders.length > MOST_VOLUMES) throw usage(`a ledger has ${MOST_VOLUMES} folders at the most`, 'Name fewer.');
  const slots = flags.records === undefined ? undefined : Number(flags.records);
  if (slots !== undefined && !(Number.isInteger(slots) && slots >= 2 && slots <= MOST_SLOTS))
    throw usage(`--records ${flags.records} is no number of records`, `Between 2 and ${MOST_SLOTS}.`);
  return {
    folders,
    ...(flags.for === undefined ? {} : { forMs: durationFlag('--for', flags.for) }),
    ...(flags.every === undefined ? {} : { everyMs: durationFlag('--every', flags.every) }),
    ...(slots === undefined ? {} : { slots }),
  };
}

/** Reads every copy before it says anything: all that cannot be read is one answer. */
async function check(session: Session, paths: readonly string[], at: string | undefined): Promise<number> {
  if (paths.length === 0) throw usage('which copies? No path was given', 'Name one of each volume of the ledger.');
  const cutAtMs = at === undefined ? undefined : Date.parse(at);
  if (Number.isNaN(cutAtMs)) throw usage(`--at ${at} is no time`, 'As in a manifest: 2026-11-22T02:00:03Z.');
  const read = await gather(paths, ledgerTextAt);
  const faults = read.flatMap((outcome) => (outcome.ok ? [] : [outcome.fault]));
  const [first, ...others] = faults;
  if (first !== undefined) throw others.length === 0 ? first : severalUnreadable(faults);
  const texts = read.flatMap((outcome) => (outcome.ok ? [outcome.value] : []));
  const report = judgeLedger(texts, cutAtMs);
  for (const doubt of report.doubts) {
    if (doubt.kind !== 'volume-twice') continue;
    throw usage(`${doubt.volumes.join(' and ')} are copies of the same volume`, 'Name one copy of each volume.');
  }
  session.output.document(ledgerLines(report, session.paint), { type: 'ledger', ...ledgerDocument(report) });
  return report.answer === 'one-instant' ? EXIT.done : EXIT.weaker;
}

function severalUnreadable(faults: readonly Fault[]): Fault {
  const [first] = faults;
  return new Fault({
    code: 'ledger.unreadable',
    message: faults.map(({ message }) => message).join('\n'),
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  });
}
