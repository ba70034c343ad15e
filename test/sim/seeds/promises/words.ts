import { unreachable } from '../../../../src/base/unreachable.ts';
import type { RunReport } from '../../../../src/flows/snapshot/run-parts.ts';
import type { Deed } from '../deed.ts';
import { SECRET } from '../process.ts';
import { type Broken, broken, type Story } from '../story.ts';

/** Exit codes and what they say, by the table of docs/operations.md, against what was really done. */
export function exitsTrue(story: Story, deed: Deed): readonly Broken[] {
  const wrong = (what: string): Broken => broken('exit', `${deed.kind} ${deed.number} ${what}`);
  const { end } = deed;
  switch (end.how) {
    case 'died':
      return [];
    case 'fault':
      return end.fault.exit === 1 ? [wrong(`met a bug: ${end.fault.stack ?? end.fault.message}`)] : [];
    case 'removed':
      return [];
    case 'mended': {
      const { exit, left, guests } = end.report;
      const isHeld = guests.some(({ is }) => is === 'not-writing' || is === 'not-asked');
      return [
        ...(isHeld === (exit === 6) ? [] : [wrong(`ends with ${exit}, guests: ${guests.map(({ is }) => is).join()}`)]),
        ...(exit === 0 && left.length > 0 ? [wrong(`ends with 0, and leaves ${left.join('; ')}`)] : []),
      ];
    }
    case 'snapshot':
      return runExit(story, deed, end.report).map(wrong);
    default:
      return unreachable(end);
  }
}

function runExit({ world }: Story, deed: Deed, report: RunReport): readonly string[] {
  const { exit, state, mayBeHeld, remains, fault } = report;
  const holds = world.chronicle.holds.filter(({ by }) => by === deed.number);
  const fires = world.chronicle.fires.filter(({ by }) => by === deed.number);
  const silent = holds.filter(({ word }) => word === undefined || word === 'unknown').map(({ vm }) => vm);
  const usual: Readonly<Record<typeof state, readonly number[]>> = { good: [0], weak: [3, 5], failed: [4, 5, 10, 130] };
  const wrong: string[] = [];
  const must = (holdsTrue: boolean, what: string): void => void (holdsTrue || wrong.push(`(exit ${exit}): ${what}`));

  must(exit !== 1, `a bug: ${report.failure?.stack ?? fault?.message ?? ''}`);
  must(
    silent.every((vm) => mayBeHeld.includes(vm)),
    `${silent.join()} never confirmed, and it says ${mayBeHeld.join()}`,
  );
  must(mayBeHeld.length > 0 === (exit === 6), `may be held: ${mayBeHeld.join()}`);
  must(exit === 6 || usual[state].includes(exit), `a ${state} run`);
  must((exit !== 4 && exit !== 10) || (holds.length === 0 && fires.length === 0), 'a guest was held');
  must(exit !== 5 || holds.length + fires.length + remains.length > 0, 'nothing was held or fired, and nothing stays');
  must(exit !== 0 || report.manifest !== undefined, 'there is no set');
  const removed = world.chronicle.removals.filter(({ by }) => by === deed.number);
  must(
    removed.every(({ snapshot }) => snapshot.label !== report.manifest?.label),
    'it removed the set that it answers with',
  );
  return wrong;
}

/** A look changes nothing. */
export function lookedOnly({ world }: Story, deed: Deed): readonly Broken[] {
  if (deed.kind !== 'look' || deed.end.how === 'died') return [];
  const removed = world.chronicle.removals.some(({ by }) => by === deed.number);
  return removed || deed.wrote ? [broken('look', `look ${deed.number} changed something`)] : [];
}

/** I9. */
export function secretKept({ machines, deeds }: Story): readonly Broken[] {
  const files = machines.flatMap((machine) => [...machine.contents()].filter(([, text]) => text.includes(SECRET)));
  const told = deeds.filter(({ events, end }) => JSON.stringify([events, textOf(end)], plain).includes(SECRET));
  return [
    ...files.map(([path]) => broken('I9', `the secret is in ${path}`)),
    ...told.map(({ number }) => broken('I9', `the secret was told by ${number}`)),
  ];
}

function textOf(end: Deed['end']): unknown {
  return end.how === 'fault' ? [end.fault.message, end.fault.hint] : end;
}

function plain(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
