import { count } from '../base/count.ts';
import { localTime } from '../base/local-time.ts';
import type { HeldLock } from '../base/lock-file.ts';
import type { RebuiltEntry } from '../catalog/rebuilt.ts';
import type { StatePlace } from '../catalog/state-folder.ts';
import type { GroupStatus } from '../catalog/status.ts';
import { type Paint, PLAIN } from './paint.ts';
import { noTopologyLines, placeText } from './place.ts';
import { rebuiltSummaries } from './rebuilt.ts';
import { leftoverText } from './run.ts';
import { age } from './sizes.ts';
import { table } from './table.ts';
import { WIDTH, wrap } from './text.ts';

/** A group a line, and below it what needs somebody; then the locks. */
export function statusLines(
  groups: readonly GroupStatus[],
  locks: readonly HeldLock[],
  rebuilt: readonly RebuiltEntry[],
  paint: Paint = PLAIN,
): readonly string[] {
  const lines = groupTable(groups);
  return [
    ...groups.flatMap((status, index) => {
      const line = lines[index] ?? '';
      const below = concerns(status).flatMap((text) => wrap(text, WIDTH, '      ', '    - '));
      return [status.fine ? line : paint.warn(line), ...below];
    }),
    ...rebuiltTexts(rebuilt).flatMap((text) => wrap(text, WIDTH, '    ', '  ')),
    ...lockTexts(locks).flatMap((text) => wrap(text, WIDTH, '    ', '  ')),
  ];
}

/** The same for machines; `fine` is the exit code. */
export function statusDocument(
  groups: readonly GroupStatus[],
  locks: readonly HeldLock[],
  rebuilt: readonly RebuiltEntry[],
): Readonly<Record<string, unknown>> & { readonly fine: boolean } {
  const isFine = groups.length > 0 && groups.every((group) => group.fine) && !rebuilt.some(needsSomebody);
  return { type: 'status', fine: isFine, groups, locks, rebuilt: rebuiltSummaries(rebuilt) };
}

/** What groups do not tell: that there is none, which is no answer to whether all is well, or not even a folder. */
export function nowhereLines(
  { group, known }: { readonly group: string | undefined; readonly known: readonly string[] },
  place: StatePlace,
): readonly string[] {
  const what =
    group !== undefined && known.length > 0
      ? `No group ${group} is known in ${placeText(place)}; there are: ${known.join(', ')}`
      : `No run was ever begun in ${placeText(place)}`;
  return [...wrap(`${what}.`, WIDTH), ...noTopologyLines(place)];
}

/** A removal that was begun, or a record that cannot be read. That sets were rebuilt is no trouble by itself. */
function needsSomebody({ state }: RebuiltEntry): boolean {
  return state === 'removing' || state === 'unreadable';
}

function rebuiltTexts(rebuilt: readonly RebuiltEntry[]): readonly string[] {
  const there = rebuilt.filter(({ state }) => state !== 'removed');
  if (there.length === 0) return [];
  const open = there
    .filter(needsSomebody)
    .map(({ id, state }) => `; ${id} ${state === 'removing' ? 'is being removed' : 'cannot be read'}`);
  return [
    `${count(there.length, 'set')} rebuilt from the arrays, counted for no group: stillpoint list${open.join('')}`,
  ];
}

/** What `stillpoint` alone begins with: the topology's name, and a line a group. */
export function homeLines(topology: string, groups: readonly GroupStatus[]): readonly string[] {
  const lines = groupTable(groups);
  return lines.map((line, index) => `  ${index === 0 ? topology : ' '.repeat(topology.length)}   ${line}`);
}

function groupTable(groups: readonly GroupStatus[]): readonly string[] {
  return table(
    groups.map(({ group, lastGood, kept }) =>
      lastGood === undefined
        ? [group, 'no set yet']
        : [group, `last good set ${age(lastGood.ageMs)} ago`, lastGood.levelText, `${kept} kept`],
    ),
    { width: Number.POSITIVE_INFINITY },
  );
}

function concerns(status: GroupStatus): readonly string[] {
  const { tooOldMs, aheadMs, weak, broken, failedSince, leftovers, running, outOfSight, mayBeHeld } = status;
  const [newest] = failedSince;
  return [
    ...mayBeHeld.map(
      ({ run, vms }) =>
        `${vms.join(', ')} may still be held since ${run}, and was not seen to write since: stillpoint mend`,
    ),
    ...(running === undefined ? [] : [`a run is going on: ${running}`]),
    ...outOfSight.map(
      (id) =>
        `${id} holds its locks where it cannot be seen from here, for hours or since before this machine was started again; if it is over: stillpoint mend --break-lock`,
    ),
    ...(aheadMs === undefined
      ? []
      : [`the last good set is dated ${age(aheadMs)} ahead of this machine’s clock: its age says nothing`]),
    ...(tooOldMs === undefined ? [] : [`the last good set is older than ${age(tooOldMs)}`]),
    ...(newest === undefined
      ? []
      : [`${count(failedSince.length, 'run')} failed since then; the last: stillpoint show ${newest}`]),
    ...(weak === 0 ? [] : [`${count(weak, 'weak set')}: stillpoint list ${status.group}`]),
    ...broken.map(({ id, why }) => `${id}: ${why}`),
    ...leftovers.map((leftover) => `${leftover.run} may have left something: ${leftoverText(leftover)}`),
  ];
}

/** A run holds many locks: one line a run. */
export function lockTexts(locks: readonly HeldLock[]): readonly string[] {
  const held = locks.filter((lock) => lock.kind === 'held');
  const first = held.filter(({ owner }, index) => held.findIndex((other) => other.owner.run === owner.run) === index);
  return [
    ...first.map((lock) =>
      runLocksText(
        lock,
        held.filter((other) => other.owner.run === lock.owner.run),
      ),
    ),
    ...locks.flatMap((lock) => (lock.kind === 'unreadable' ? [`lock ${lock.file} cannot be read`] : [])),
  ];
}

type OwnedLock = Extract<HeldLock, { kind: 'held' }>;

function runLocksText({ owner, liveness }: OwnedLock, all: readonly OwnedLock[]): string {
  const state = { alive: '', gone: ', which is gone: the next run takes them over', elsewhere: `, on ${owner.host}` };
  const names = all.slice(0, LOCKS_SHOWN).map((lock) => lock.owner.shown);
  const more = all.length > names.length ? ` and ${all.length - names.length} more` : '';
  const who = `run ${owner.run} of ${owner.user} (process ${owner.pid}${state[liveness]})`;
  return `${who} has locked, since ${localTime(new Date(owner.since))}: ${names.join(', ')}${more}`;
}

const LOCKS_SHOWN = 4;
