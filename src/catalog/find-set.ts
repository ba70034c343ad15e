import { join } from 'node:path';
import { EXIT, Fault } from '../base/fault.ts';
import { atLeast, type Level, leastGiven, type Manifest } from '../model.ts';
import { newestFirst, parseSetId, type SetName } from './names.ts';
import { readSet, type SetEntry, type WholeSet } from './set-entry.ts';
import { groupsIn, setLines } from './set-lines.ts';
import { type StateFolder, setsFolder } from './state-folder.ts';
import { pick } from './store.ts';

/**
 * What SET on the command line means, from its own papers: an id, any unique beginning of one, `latest`, `latest:GROUP`
 * (the latest good). A Fault with exit 2 that lists the candidates where there is not exactly one.
 *
 * @param folder where they lie, to be said where there is none
 */
export async function findSet(state: StateFolder, wanted: string, folder?: string): Promise<SetEntry> {
  const [latest, group] = latestOf(wanted);
  if (latest) return (await latestGood(state, group)) ?? noGoodSet(group, folder);
  const name = parseSetId(wanted);
  const exact = name === undefined ? undefined : await readSet(state, name);
  if (exact !== undefined && exact.state !== 'removed') return exact;
  const standing = (await setLines(state)).filter((set) => set.state !== 'removed');
  const meant = parseSetId(pick(standing, wanted, 'set').id);
  const entry = meant === undefined ? undefined : await readSet(state, meant);
  // Gone since the list was made: then nothing is named so.
  return entry ?? pick<SetEntry>([], wanted, 'set');
}

/** `latest` and `latest:GROUP`. */
export function latestOf(wanted: string): readonly [isLatest: boolean, group: string | undefined] {
  if (wanted === 'latest') return [true, undefined];
  return wanted.startsWith('latest:') ? [true, wanted.slice('latest:'.length)] : [false, undefined];
}

function noGoodSet(group: string | undefined, folder: string | undefined): never {
  throw new Fault({
    code: 'catalog.no-good-set',
    message: `${group === undefined ? 'there is' : `group ${group} has`} no good set yet${folder === undefined ? '' : ` in ${folder}`}`,
    hint: `To take one: stillpoint snapshot ${group ?? 'GROUP'}`,
    exit: EXIT.usage,
  });
}

/**
 * A good set that was taken with `--key`, and proves what is asked now: a retried job takes it instead of a new one.
 *
 * @param require absent: what its guests' methods give, as for a run that is not told otherwise
 */
export async function setWithKey(
  state: StateFolder,
  group: string,
  key: string,
  require?: Level,
): Promise<Manifest | undefined> {
  for (const line of await setLines(state, group)) {
    const name = line.state === 'good' && line.key === key ? parseSetId(line.id) : undefined;
    const entry = name === undefined ? undefined : await readSet(state, name);
    if (entry?.state !== 'good' || entry.key !== key) continue;
    if (atLeast(entry.level, require ?? leastGiven(entry.manifest.plan.guests))) return entry.manifest;
  }
  return undefined;
}

/** Reads sets, the newest first, until one is good. */
export async function latestGood(state: StateFolder, only?: string): Promise<WholeSet | undefined> {
  const groups: NamesLeft[] = [];
  for (const group of only === undefined ? await groupsIn(state) : [only]) {
    groups.push({ group, names: [...(await state.files.list(join(setsFolder(state), group)))] });
  }
  for (;;) {
    const newest = groups.flatMap((left) => lastOf(left) ?? []).sort(newestFirst)[0];
    if (newest === undefined) return undefined;
    for (const name of groups.flatMap((left) => takeAll(left, newest.startedAt)).sort(newestFirst)) {
      const entry = await readSet(state, name);
      if (entry?.state === 'good') return entry;
    }
  }
}

/** The names of a group's folder that were not looked at, the oldest first. */
interface NamesLeft {
  readonly group: string;
  readonly names: string[];
}

function lastOf({ group, names }: NamesLeft): SetName | undefined {
  for (let text = names.at(-1); text !== undefined; text = names.at(-1)) {
    const name = parseSetId(text);
    if (name?.group === group) return name;
    names.pop();
  }
  return undefined;
}

/** All that began at that moment. */
function takeAll(left: NamesLeft, startedAt: Date): readonly SetName[] {
  const taken: SetName[] = [];
  for (let name = lastOf(left); name?.startedAt.getTime() === startedAt.getTime(); name = lastOf(left)) {
    taken.push(name);
    left.names.pop();
  }
  return taken;
}
