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
import type { Command } from '../verb.ts';

interface Flags {
  readonly vm?: string;
  readonly for?: string;
  readonly every?: string;
  readonly records?: string;
  readonly at?: string;
}

/** `ledger write`, `check`, `print`: whether the snapshots of a set are one instant, asked of the guest's own writes. */
export const ledgerCommand: Command<Flags> = {
  name: 'ledger',
  argument: '<verb> [paths...]',
  summary: 'is a set one instant? Write numbered records, and look for them in the snapshots',
  about:
    'ledger write FOLDER FOLDER…: record 1 to the first folder and through to its disk, then record 2 to the next, and ' +
    'so on around, in one file a folder whose size stays the same; here, or in a guest with --vm. ledger check PATH…: ' +
    'the copies in the snapshots (files, or folders where they are mounted), one of each volume: record k must not be ' +
    'there without every record before it. ledger print: the writing program, to be installed by hand.',
  flags: [
    ['--vm <vm>', 'write: in this guest of the topology, until the line ends'],
    ['--for <duration>', 'write: so long; else until an interrupt'],
    ['--every <duration>', 'write: between two records; default 2ms'],
    ['--records <number>', 'write: kept on each volume, then the oldest goes; default 8192, 1 MiB'],
    ['--at <time>', 'check: when the snapshots were taken, ISO 8601'],
  ],
  async run(session, [verb, ...given], flags) {
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
  },
};

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
