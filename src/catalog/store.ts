import { join } from 'node:path';
import { z } from 'zod';
import { asFault, EXIT, Fault } from '../base/fault.ts';
import { parseJson } from '../base/json.ts';
import { atLeast, type Level, leastGiven, type Manifest, type SetId } from '../model.ts';
import { type RunRecord, readRun } from './journal.ts';
import { manifestFile, readManifest } from './manifest.ts';
import { newestFirst, parseSetId, type SetName } from './names.ts';
import { type Removal, readRemoval } from './removal.ts';
import { runsFolder, type StateFolder, setFolder, setsFolder } from './state-folder.ts';

/** A set as its folder tells. */
export type SetEntry = WholeSet | UnreadableSet;

export interface WholeSet extends SetName {
  /** `removing`: part of it may be gone; `removed`: all of it is. Neither counts for anything. */
  readonly state: 'good' | 'weak' | 'removing' | 'removed';
  readonly manifest: Manifest;
  readonly removal?: Removal;
  /** Kept from every removal, with the reason. */
  readonly pinned?: string;
}

/** A manifest that is not believed. It is named wherever sets are listed, and never removed by anything automatic. */
interface UnreadableSet extends SetName {
  readonly state: 'unreadable';
  readonly why: string;
}

/** A run as its folder tells. `unfinished`: it is still going on, or it ended without a word. */
export interface RunEntry extends SetName {
  readonly state: 'good' | 'weak' | 'failed' | 'unfinished';
  readonly record: RunRecord;
}

/** All sets, those that are removed too, newest first. A folder without a manifest never became a set. */
export async function listSets(state: StateFolder): Promise<readonly SetEntry[]> {
  const entries: SetEntry[] = [];
  for (const group of await state.files.list(setsFolder(state))) {
    for (const name of await namesIn(state, join(setsFolder(state), group))) {
      const entry = name.group === group ? await readSet(state, name) : undefined;
      if (entry !== undefined) entries.push(entry);
    }
  }
  return entries.sort(newestFirst);
}

/** All runs, newest first. */
export async function listRuns(state: StateFolder): Promise<readonly RunEntry[]> {
  const names = await namesIn(state, runsFolder(state));
  const entries: RunEntry[] = [];
  for (const name of [...names].sort(newestFirst)) {
    const record = await readRun(state, name.id);
    entries.push({ ...name, state: record.result?.state ?? 'unfinished', record });
  }
  return entries;
}

/** Newest first, as they are given. */
export function lastGood(sets: readonly SetEntry[], group?: string): WholeSet | undefined {
  return goodSets(sets, group)[0];
}

export function goodSets(sets: readonly SetEntry[], group?: string): readonly WholeSet[] {
  return sets
    .filter((set): set is WholeSet => set.state === 'good')
    .filter((set) => group === undefined || set.group === group);
}

/**
 * A good set that was taken with `--key`, and proves what is asked now: a retried job takes it instead of a new one.
 *
 * @param require absent: what its guests' methods give, as for a run that is not told otherwise
 */
export function setWithKey(
  sets: readonly SetEntry[],
  group: string,
  key: string,
  require?: Level,
): WholeSet | undefined {
  return goodSets(sets, group).find(
    ({ manifest: { key: its, plan, verdict } }) =>
      its === key && atLeast(verdict.level, require ?? leastGiven(plan.guests)),
  );
}

/**
 * What SET on the command line means: an id, any unique beginning of one, `latest`, `latest:GROUP` (the latest good).
 * A Fault with exit 2 that lists the candidates where there is not exactly one.
 *
 * @param folder where they lie, to be said where there is none
 */
export function resolveSet(sets: readonly SetEntry[], wanted: string, folder?: string): SetEntry {
  const [latest, group] = latestOf(wanted);
  if (!latest)
    return pick(
      sets.filter((set) => set.state !== 'removed'),
      wanted,
      'set',
    );
  const set = lastGood(sets, group);
  if (set !== undefined) return set;
  throw new Fault({
    code: 'catalog.no-good-set',
    message: `${group === undefined ? 'there is' : `group ${group} has`} no good set yet${folder === undefined ? '' : ` in ${folder}`}`,
    hint: `To take one: stillpoint snapshot ${group ?? 'GROUP'}`,
    exit: EXIT.usage,
  });
}

/** The one whose id is `wanted`, or begins with it. Also for runs, which are named like their sets. */
export function pick<T extends { readonly id: string }>(entries: readonly T[], wanted: string, noun: 'set' | 'run'): T {
  const exact = entries.find((entry) => entry.id === wanted);
  const candidates = wanted === '' ? [] : entries.filter((entry) => entry.id.startsWith(wanted));
  const [only, second] = candidates;
  if (exact !== undefined) return exact;
  if (only !== undefined && second === undefined) return only;
  const list = noun === 'set' ? 'stillpoint list' : 'stillpoint list --runs';
  if (only === undefined) {
    throw new Fault({
      code: `catalog.no-such-${noun}`,
      message: `no ${noun} is named ${wanted}, or begins with it`,
      hint: `To see them all: ${list}`,
      exit: EXIT.usage,
    });
  }
  const shown = candidates.slice(0, SHOWN_CANDIDATES).map((entry) => entry.id);
  const more = candidates.length > shown.length ? ` and ${candidates.length - shown.length} more` : '';
  throw new Fault({
    code: `catalog.ambiguous-${noun}`,
    message: `${wanted} is the beginning of ${candidates.length} ${noun}s: ${shown.join(', ')}${more}`,
    hint: 'Write more of it.',
    exit: EXIT.usage,
  });
}

const SHOWN_CANDIDATES = 5;

function latestOf(wanted: string): readonly [boolean, string | undefined] {
  if (wanted === 'latest') return [true, undefined];
  return wanted.startsWith('latest:') ? [true, wanted.slice('latest:'.length)] : [false, undefined];
}

async function readSet(state: StateFolder, name: SetName): Promise<SetEntry | undefined> {
  try {
    const reading = await readManifest(state, name.id);
    if (reading.kind === 'missing') return undefined;
    if (reading.kind === 'broken') {
      return { ...name, state: 'unreadable', why: `${manifestFile(state, name.id)}: ${reading.why}` };
    }
    const { manifest } = reading;
    const removal = await readRemoval(state, name.id);
    const pinned = await readPin(state, name);
    return {
      ...name,
      state: stateOf(manifest, removal),
      manifest,
      ...(removal === undefined ? {} : { removal }),
      ...(pinned === undefined ? {} : { pinned }),
    };
  } catch (thrown) {
    return { ...name, state: 'unreadable', why: asFault(thrown).message };
  }
}

function stateOf(manifest: Manifest, removal: Removal | undefined): WholeSet['state'] {
  if (removal === undefined) return manifest.state;
  return removal.finishedAt === undefined ? 'removing' : 'removed';
}

const pinShape = z.object({ because: z.string() });

/** Written, and taken away, by hand: no command does it. */
export function pinFile(state: StateFolder, id: SetId): string {
  return join(setFolder(state, id), 'pin.json');
}

/** A pin that cannot be read still pins. */
async function readPin(state: StateFolder, name: SetName): Promise<string | undefined> {
  const text = await state.files.read(pinFile(state, name.id));
  if (text === undefined) return undefined;
  const pin = pinShape.safeParse(parseJson(text));
  return pin.success ? pin.data.because : 'its reason cannot be read';
}

async function namesIn(state: StateFolder, folder: string): Promise<readonly SetName[]> {
  return (await state.files.list(folder)).flatMap((name) => parseSetId(name) ?? []);
}
